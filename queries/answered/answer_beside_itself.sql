-- A WITH that is read twice is released once: both see the same noise.
WITH sexes AS (SELECT sex, COUNT(DISTINCT person_id) AS n FROM person GROUP BY sex)
SELECT a.sex, b.sex AS other, a.n - b.n AS more
FROM sexes a JOIN sexes b ON a.sex < b.sex
WHERE a.n > 0 AND b.n > 0
ORDER BY a.sex, other
