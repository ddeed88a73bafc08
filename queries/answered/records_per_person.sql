-- A mean over persons of how many conditions each has.
SELECT p.sex, AVG(clamp(n, 0, 500, 0)) AS conditions, COUNT(*) AS persons
FROM person p
JOIN (SELECT person_id, COUNT(*) AS n FROM condition GROUP BY person_id) c
    ON c.person_id = p.person_id
GROUP BY p.sex
