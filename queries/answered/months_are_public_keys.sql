-- The parts of a day are few, so each is shown.
-- rows: 10000
-- groups: 12
SELECT date_part('month', onset_date) AS month, COUNT(*) AS conditions
FROM condition
WHERE onset_date IS NOT NULL
GROUP BY 1
ORDER BY 1
