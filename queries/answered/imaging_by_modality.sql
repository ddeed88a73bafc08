-- Whole numbers kept by a view, by a key with a value set.
-- rows: 10000
SELECT modality, COUNT(DISTINCT person_id) AS persons, SUM(clamp(series_count, 0, 50, 0)) AS series
FROM imaging_study
GROUP BY modality
