-- A left join that found nobody, by IS NULL.
-- rows: 10000
SELECT p.sex, COUNT(*) AS persons
FROM person p
LEFT JOIN allergy a ON a.person_id = p.person_id
WHERE a.person_id IS NULL
GROUP BY p.sex
