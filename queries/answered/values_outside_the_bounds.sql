-- Bounds that cut: every value is moved to the nearest bound first.
-- rows: 10000
SELECT SUM(clamp(value_number, 110, 130, 2)) AS total,
       AVG(clamp(value_number, 110, 130, 2)) AS mean
FROM observation
WHERE code = '8480-6'
