-- INTERSECT compares whole rows of different persons.
-- refused: not_private: INTERSECT and EXCEPT compare the rows of different persons; instead: EXISTS or NOT EXISTS with a.person_id = b.person_id
SELECT COUNT(*) FROM (SELECT code FROM condition INTERSECT SELECT code FROM procedure) t
