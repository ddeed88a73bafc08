-- How many different medications people were prescribed, by decade of birth.
SELECT p.birth_year / 10 * 10 AS born, AVG(clamp(m.kinds, 0, 30)) AS medications
FROM person p
JOIN (
    SELECT person_id, COUNT(DISTINCT code) AS kinds FROM medication_request GROUP BY person_id
) AS m ON m.person_id = p.person_id
GROUP BY p.birth_year / 10 * 10
ORDER BY born
