-- Everybody, and the procedures they had, if any.
-- rows: 10000
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons, COUNT(q.code) AS procedures
FROM person p
LEFT JOIN procedure q ON q.person_id = p.person_id
GROUP BY p.sex
