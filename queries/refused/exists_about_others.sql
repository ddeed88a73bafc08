-- Whether anybody at all has a condition.
-- refused: not_private: a subquery in a condition cannot be answered: `EXISTS (<subquery>)`; instead: join the tables on person_id
SELECT COUNT(*) FROM person WHERE EXISTS (SELECT 1 FROM condition WHERE code = '44054006')
