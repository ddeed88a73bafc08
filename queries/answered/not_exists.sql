-- Whether the person has none.
-- rows: 10000
SELECT COUNT(DISTINCT p.person_id) AS persons, COUNT(*) AS records
FROM person p
WHERE NOT EXISTS (SELECT 1 FROM medication_request m WHERE m.person_id = p.person_id)
   OR p.deceased
