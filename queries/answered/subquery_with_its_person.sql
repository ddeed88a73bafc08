-- A subquery that passes person_id on is as good as a table.
-- rows: 10000
WITH adult AS (SELECT person_id, sex FROM person WHERE birth_year < 2000),
     visit AS (SELECT person_id, class FROM encounter WHERE class IS NOT NULL)
SELECT adult.sex, COUNT(*) AS visits, COUNT(DISTINCT adult.person_id) AS persons
FROM adult
JOIN visit ON visit.person_id = adult.person_id
GROUP BY adult.sex
