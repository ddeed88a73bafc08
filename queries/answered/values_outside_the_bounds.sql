-- Bounds that cut: every value is moved to the nearest bound first.
-- rows: 10000
SELECT SUM(clamp(value_number, 60, 80, 2)) AS total,
       AVG(clamp(value_number, 60, 80, 2)) AS mean
FROM observation
WHERE code = '8867-4'
