-- DISTINCT rows of a person.
-- rows: 10000
-- groups: 10000
SELECT code, COUNT(*) AS persons
FROM (SELECT DISTINCT person_id, code FROM medication_request) AS t
GROUP BY code
