-- Type 2 diabetes by decade of birth (SNOMED CT 44054006, ICD-10 E11).
SELECT p.birth_year / 10 * 10 AS born, COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN condition c ON c.person_id = p.person_id
WHERE c.code = '44054006' OR c.code LIKE 'E11%'
GROUP BY p.birth_year / 10 * 10
ORDER BY born
