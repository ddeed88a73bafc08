-- What part of men and of women has type 2 diabetes, in percent, with the error that follows from both
-- numbers: two answers, joined, which share the epsilon.
WITH everybody AS (
    SELECT sex, COUNT(DISTINCT person_id) AS persons FROM person GROUP BY sex
), diabetes AS (
    SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
    FROM person p JOIN condition c ON c.person_id = p.person_id
    WHERE c.code = '44054006' OR c.code LIKE 'E11%'
    GROUP BY p.sex
)
SELECT everybody.sex, diabetes.persons AS with_diabetes, everybody.persons AS persons,
       100.0 * diabetes.persons / everybody.persons AS percent
FROM everybody JOIN diabetes ON everybody.sex = diabetes.sex
ORDER BY everybody.sex
