-- The twenty conditions that most people have. Rare ones are hidden: their keys are private.
-- groups: 20
SELECT code, COUNT(DISTINCT person_id) AS persons
FROM condition
GROUP BY code
ORDER BY persons DESC
LIMIT 20
