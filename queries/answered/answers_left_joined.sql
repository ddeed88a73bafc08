-- What one answer has and the other has not: NULL, as in any left join.
-- rows: 10000
-- groups: 10000
WITH conditions AS (
    SELECT code, COUNT(DISTINCT person_id) AS persons FROM condition GROUP BY code
), common AS (
    SELECT code, COUNT(DISTINCT person_id) AS men
    FROM condition WHERE person_id IN (SELECT person_id FROM person WHERE sex = 'male')
    GROUP BY code
)
SELECT conditions.code, persons, men
FROM conditions LEFT JOIN common ON conditions.code = common.code
