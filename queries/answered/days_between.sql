-- Days between dates, and a date some time before another.
-- rows: 10000
SELECT COUNT(*) AS conditions, AVG(clamp(abatement_date - onset_date, 0, 3650, 0)) AS days
FROM condition
WHERE abatement_date - INTERVAL '1 month' > onset_date
