-- Codes are private keys: a person may be in many groups.
-- rows: 10000
-- groups: 10000
SELECT code_system, code, COUNT(DISTINCT person_id) AS persons, COUNT(*) AS rows
FROM condition
GROUP BY code_system, code
