-- INTERSECT compares whole rows of different persons.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT code FROM condition INTERSECT SELECT code FROM procedure) t
