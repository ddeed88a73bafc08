-- How many different codes there are, in all and by status.
-- rows: 10000
-- groups: 10000
SELECT clinical_status, COUNT(DISTINCT code) AS codes,
       COUNT(DISTINCT code) FILTER (WHERE onset_date > DATE '2010-01-01') AS recent,
       COUNT(DISTINCT onset_date) AS days
FROM condition
GROUP BY clinical_status
