-- A number made of a date: the year in which a condition began.
-- rows: 10000
-- groups: 10000
SELECT date_part('year', onset_date) AS year, COUNT(DISTINCT person_id) AS persons
FROM condition
WHERE onset_date >= DATE '1990-01-01' AND onset_date < DATE '2020-01-01'
GROUP BY date_part('year', onset_date)
