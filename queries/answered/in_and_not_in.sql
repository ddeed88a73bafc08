-- IN and NOT IN of the person, which is never NULL.
-- rows: 10000
SELECT COUNT(*) AS conditions, COUNT(DISTINCT person_id) AS persons
FROM condition
WHERE person_id IN (SELECT person_id FROM procedure)
  AND person_id NOT IN (SELECT person_id FROM immunization WHERE code = '140')
