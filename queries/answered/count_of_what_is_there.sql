-- COUNT(x) counts the rows in which x is there, COUNT(*) all.
-- rows: 10000
SELECT status, COUNT(*) AS rows, COUNT(value_number) AS numbers, COUNT(value_code) AS codes
FROM observation
GROUP BY status
