-- Each person's latest value, by numbering.
SELECT p.sex, AVG(clamp(o.value_number, 0, 400, 1)) AS latest, COUNT(*) AS persons
FROM person p
JOIN (
    SELECT person_id, value_number,
           ROW_NUMBER() OVER (
               PARTITION BY person_id ORDER BY effective_date DESC, value_number
           ) AS number
    FROM observation
    WHERE code = '8480-6'
) AS o ON o.person_id = p.person_id
WHERE number = 1
GROUP BY p.sex
