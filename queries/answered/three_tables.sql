-- Three tables of one person.
-- rows: 10000
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons, COUNT(*) AS pairs
FROM person p
JOIN condition c ON c.person_id = p.person_id
JOIN medication_request m ON m.person_id = c.person_id
WHERE c.code = '38341003'
GROUP BY p.sex
