-- How many people live in each region, by sex.
SELECT region, sex, COUNT(DISTINCT person_id) AS persons
FROM person
GROUP BY region, sex
ORDER BY region, sex
