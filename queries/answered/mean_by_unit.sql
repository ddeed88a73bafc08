-- Numbers of all laboratory tests by unit; the key is not the person's own and may be missing.
-- rows: 10000
-- groups: 10000
SELECT value_unit, AVG(clamp(value_number, -100, 1000, 3)) AS mean, COUNT(*) AS values
FROM observation
GROUP BY value_unit
