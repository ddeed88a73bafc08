-- UNION leaves each row of a person once.
-- rows: 10000
-- groups: 10000
SELECT code, COUNT(*) AS persons
FROM (
    SELECT person_id, code FROM condition
    UNION
    SELECT person_id, code FROM procedure
) AS t
GROUP BY code
