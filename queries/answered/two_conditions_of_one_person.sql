-- Persons with both of two conditions: hypertension and prediabetes.
SELECT COUNT(DISTINCT a.person_id) AS persons
FROM condition a
JOIN condition b ON a.person_id = b.person_id
WHERE a.code = '38341003' AND b.code = '15777000'
