-- One answer chooses the rows of another.
-- rows: 10000
SELECT sex, COUNT(DISTINCT person_id) AS n
FROM person
GROUP BY sex
HAVING sex IN (
    SELECT p.sex FROM encounter e JOIN person p ON p.person_id = e.person_id
    GROUP BY p.sex HAVING COUNT(*) > 100
)
ORDER BY sex
