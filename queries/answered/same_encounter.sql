-- EXISTS about the person and more.
-- rows: 10000
-- groups: 10000
SELECT c.code, COUNT(*) AS conditions
FROM condition c
WHERE EXISTS (
    SELECT 1 FROM procedure q
    WHERE q.person_id = c.person_id AND q.encounter_id = c.encounter_id
)
GROUP BY c.code
