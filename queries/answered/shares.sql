-- Computing with the answer: differences, shares and means of released numbers.
-- rows: 10000
SELECT sex, COUNT(*) AS persons,
       100.0 * COUNT(*) FILTER (WHERE deceased) / COUNT(*) AS percent_deceased,
       COUNT(*) - COUNT(*) FILTER (WHERE deceased) AS alive
FROM person
GROUP BY sex
HAVING COUNT(*) > 10
ORDER BY percent_deceased
