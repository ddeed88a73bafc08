-- After a join either side's person_id is the person.
-- rows: 10000
-- groups: 10000
WITH treated AS (
    SELECT c.person_id, c.code FROM person p JOIN condition c ON c.person_id = p.person_id
)
SELECT code, COUNT(DISTINCT person_id) AS persons FROM treated GROUP BY code
