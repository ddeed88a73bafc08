-- Systolic pressure stands in a component, which is a row of its own.
-- rows: 10000
SELECT COUNT(*) AS rows, AVG(clamp(value_number, 40, 260, 1)) AS systolic
FROM observation
WHERE code = '8480-6' AND component_of IS NOT NULL
