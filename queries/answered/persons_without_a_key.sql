-- No key: one row.
SELECT COUNT(DISTINCT person_id) AS persons, COUNT(*) AS rows FROM person
