-- Whether the person has a row elsewhere.
-- rows: 10000
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
WHERE EXISTS (
    SELECT 1 FROM observation o
    WHERE o.person_id = p.person_id AND o.code = '4548-4' AND o.value_number > 6
)
GROUP BY p.sex
