-- People with type 2 diabetes whose haemoglobin A1c was never measured, by sex.
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN condition c ON c.person_id = p.person_id
WHERE c.code = '44054006'
  AND NOT EXISTS (
      SELECT 1 FROM observation o WHERE o.person_id = p.person_id AND o.code = '4548-4'
  )
GROUP BY p.sex
