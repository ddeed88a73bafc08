-- People with both hypertension and type 2 diabetes, by sex.
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN condition h ON h.person_id = p.person_id
JOIN condition d ON d.person_id = p.person_id
WHERE h.code IN ('38341003', '59621000', 'I10')
  AND (d.code = '44054006' OR d.code LIKE 'E11%')
GROUP BY p.sex
