-- A part of the whole: the whole is a release of one row, looked up by a subquery.
SELECT birth_year / 10 * 10 AS decade,
       1.0 * COUNT(DISTINCT person_id) / (SELECT COUNT(DISTINCT person_id) FROM person) AS share
FROM person
GROUP BY birth_year / 10 * 10
ORDER BY decade
