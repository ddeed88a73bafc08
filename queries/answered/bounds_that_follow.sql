-- Bounds by interval arithmetic, and of the results of CASE.
-- rows: 10000
SELECT SUM(CASE WHEN value_number > 120 THEN 1 ELSE 0 END) AS high,
       SUM(2 * clamp(value_number, 0, 200, 1) - 100) AS twice,
       AVG(clamp(value_number, 0, 200, 1) / 10) AS tenth
FROM observation
WHERE code = '8480-6'
