-- A condition that nobody meets: zero, not an error.
SELECT COUNT(DISTINCT person_id) AS persons FROM person WHERE birth_year < 1800
