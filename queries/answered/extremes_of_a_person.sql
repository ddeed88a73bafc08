-- First, last, highest and mean of each person, then counted and added up.
SELECT COUNT(*) AS persons, COUNT(DISTINCT person_id) AS again,
       AVG(clamp(highest, 0, 400, 1)) AS highest, SUM(CASE WHEN mean > 130 THEN 1 ELSE 0 END) AS high,
       AVG(clamp(last - first, 0, 20000, 0)) AS days
FROM (
    SELECT person_id, MIN(effective_date) AS first, MAX(effective_date) AS last,
           MAX(value_number) AS highest, AVG(clamp(value_number, 0, 400, 2)) AS mean
    FROM observation
    WHERE code = '8480-6'
    GROUP BY person_id
    HAVING COUNT(*) > 2
) AS t
