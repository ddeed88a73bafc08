-- INTERSECT compares whole rows of different persons.
-- refused: not_private: a LeftSemi join of person tables is not offered yet; instead: JOIN or LEFT JOIN ... ON a.person_id = b.person_id
SELECT COUNT(*) FROM (SELECT code FROM condition INTERSECT SELECT code FROM procedure) t
