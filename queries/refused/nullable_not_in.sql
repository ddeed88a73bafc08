-- NOT IN: one NULL of one person would empty the answer.
-- refused: not_private: NOT IN would be empty for everybody by one NULL of one person; instead: NOT EXISTS with a.person_id = b.person_id
SELECT COUNT(*) FROM condition WHERE encounter_id NOT IN (SELECT encounter_id FROM procedure)
