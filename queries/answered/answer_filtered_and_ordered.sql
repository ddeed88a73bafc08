-- HAVING, ORDER BY and LIMIT look at the answer alone.
-- rows: 10000
-- groups: 10000
SELECT code, COUNT(DISTINCT person_id) AS persons
FROM medication_request
GROUP BY code
HAVING COUNT(DISTINCT person_id) >= 20
ORDER BY persons DESC, code
LIMIT 10
