-- NOT IN: one NULL of one person would empty the answer.
-- refused: not_private: a subquery in a condition cannot be answered: `condition.encounter_id NOT IN (<subquery>)`; instead: join the tables on person_id
SELECT COUNT(*) FROM condition WHERE encounter_id NOT IN (SELECT encounter_id FROM procedure)
