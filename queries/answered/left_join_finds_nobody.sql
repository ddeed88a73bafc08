-- Persons without a single immunization.
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
LEFT JOIN immunization i ON i.person_id = p.person_id
WHERE i.code IS NULL
GROUP BY p.sex
