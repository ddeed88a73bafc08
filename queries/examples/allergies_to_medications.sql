-- People with an allergy to a medication who were given an antibiotic (ATC J01) in hospital, by sex.
SELECT p.sex, COUNT(DISTINCT p.person_id) AS persons
FROM person p
JOIN allergy a ON a.person_id = p.person_id
JOIN medication_administration m ON m.person_id = p.person_id
WHERE a.category = 'medication' AND m.code LIKE 'J01%'
GROUP BY p.sex
