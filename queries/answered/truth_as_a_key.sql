-- A boolean column is a public key.
SELECT deceased, sex, COUNT(DISTINCT person_id) AS persons
FROM person
GROUP BY deceased, sex
