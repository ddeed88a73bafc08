-- USING is another way to write it.
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN condition c USING (person_id)
GROUP BY p.sex
