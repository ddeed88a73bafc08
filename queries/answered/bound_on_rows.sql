-- A bound that cuts: three rows of a person count in a group.
-- rows: 3
-- groups: 10000
-- duckdb: SELECT code, sum(least(n, 3)), count(*) FROM (SELECT code, person_id, count(*) AS n FROM condition GROUP BY ALL) GROUP BY code
SELECT code, COUNT(*) AS conditions, COUNT(DISTINCT person_id) AS persons
FROM condition
GROUP BY code
