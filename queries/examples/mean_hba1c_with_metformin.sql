-- Mean haemoglobin A1c (LOINC 4548-4, percent) of people with metformin (ATC A10BA02), by sex.
-- The bounds of clamp set the noise: choose the plausible range, not the widest.
-- rows: 20
SELECT p.sex, AVG(clamp(o.value_number, 4, 14)) AS hba1c
FROM person p
JOIN medication_request m ON m.person_id = p.person_id
JOIN observation o ON o.person_id = p.person_id
WHERE m.code LIKE 'A10BA02%' AND o.code = '4548-4'
GROUP BY p.sex
