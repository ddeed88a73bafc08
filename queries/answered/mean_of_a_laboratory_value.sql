-- The mean of haemoglobin A1c, in percent, by sex.
-- rows: 10000
SELECT p.sex, AVG(clamp(o.value_number, 0, 20, 2)) AS hba1c, COUNT(o.value_number) AS values
FROM person p
JOIN observation o ON o.person_id = p.person_id
WHERE o.code_system = 'http://loinc.org' AND o.code = '4548-4'
GROUP BY p.sex
