-- CASE with literal results declares its keys: each is shown, also an empty one.
SELECT CASE WHEN birth_year < 1940 THEN 'before 1940'
            WHEN birth_year BETWEEN 1940 AND 1979 THEN '1940 to 1979'
            WHEN birth_year >= 1980 THEN '1980 and later'
            ELSE 'unknown' END AS born,
       COUNT(DISTINCT person_id) AS persons
FROM person
GROUP BY 1
