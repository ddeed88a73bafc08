-- How many people had imaging of each kind since 2024, by modality (DICOM).
-- rows: 5
SELECT modality, COUNT(DISTINCT person_id) AS persons, COUNT(*) AS studies
FROM imaging_study
WHERE started_date >= DATE '2024-01-01'
GROUP BY modality
ORDER BY persons DESC
