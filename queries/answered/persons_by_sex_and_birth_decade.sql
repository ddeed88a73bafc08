-- How many persons there are, by sex and decade of birth.
SELECT sex, birth_year / 10 * 10 AS born, COUNT(DISTINCT person_id) AS persons
FROM person
GROUP BY sex, birth_year / 10 * 10
ORDER BY sex, born
