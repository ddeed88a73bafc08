-- Correlated, and still one NULL would empty it for everybody.
-- refused: not_private: NOT IN would be empty for everybody by one NULL of one person; instead: NOT EXISTS with a.person_id = b.person_id
SELECT COUNT(*) FROM condition c
WHERE c.encounter_id NOT IN (
    SELECT q.encounter_id FROM procedure q WHERE q.person_id = c.person_id
)
