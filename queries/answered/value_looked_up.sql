-- A value of the same person, by a subquery.
-- rows: 10000
SELECT COUNT(*) AS persons, AVG(clamp(n, 0, 1000, 0)) AS conditions
FROM (
    SELECT p.person_id,
           (SELECT COUNT(*) FROM condition c WHERE c.person_id = p.person_id) AS n
    FROM person p
) AS t
