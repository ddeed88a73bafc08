-- Both sides' persons stay; a row belongs to whoever is there.
-- rows: 10000
SELECT COUNT(*) AS rows, COUNT(a.code) AS conditions, COUNT(b.code) AS allergies,
       COUNT(DISTINCT coalesce(a.person_id, b.person_id)) AS persons
FROM (SELECT person_id, code FROM condition WHERE code = '59621000') a
FULL JOIN (SELECT person_id, code FROM allergy) b ON a.person_id = b.person_id
