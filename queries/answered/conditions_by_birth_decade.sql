-- Recorded conditions, joined with the persons who have them.
-- rows: 10000
SELECT p.birth_year / 10 * 10 AS born,
       COUNT(*) AS conditions,
       COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN condition c ON c.person_id = p.person_id
GROUP BY p.birth_year / 10 * 10
