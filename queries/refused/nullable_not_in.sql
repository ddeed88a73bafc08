-- NOT IN: one NULL of one person would empty the answer.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE encounter_id NOT IN (SELECT encounter_id FROM procedure)
