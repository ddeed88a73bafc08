-- A claim and what the insurer decided on it: one record's pseudonym in two tables.
-- rows: 10000
SELECT c.type, COUNT(*) AS decided, SUM(clamp(c.total_amount, 0, 10000, 2)) AS claimed
FROM claim c
JOIN explanation_of_benefit b ON b.person_id = c.person_id AND b.claim_id = c.claim_id
WHERE b.payment_amount > 0
GROUP BY c.type
