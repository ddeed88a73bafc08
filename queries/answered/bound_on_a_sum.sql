-- A bound that cuts: a person's total is at most what two rows can give.
-- rows: 2
-- groups: 10000
-- duckdb: SELECT code, sum(least(total, 2 * 150)) FROM (SELECT code, person_id, sum(clamp(value_number, 0, 150, 1)) AS total FROM observation WHERE code IN ('8480-6', '8462-4') GROUP BY ALL) GROUP BY code
SELECT code, SUM(clamp(value_number, 0, 150, 1)) AS total
FROM observation
WHERE code IN ('8480-6', '8462-4')
GROUP BY code
