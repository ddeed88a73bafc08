-- EXISTS is not offered yet: join instead.
-- refused: not_private: a subquery in a condition cannot be answered: `EXISTS (<subquery>)`; instead: join the tables on person_id
SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM condition c WHERE c.person_id =
p.person_id)
