-- A person with both a matching and another condition is in two groups: one more than a key of the
-- person itself would give.
-- rows: 10000
-- groups: 10000
SELECT p.sex, COUNT(*) AS conditions
FROM condition c
LEFT JOIN person p ON p.person_id = c.person_id AND c.clinical_status = 'active'
GROUP BY p.sex
