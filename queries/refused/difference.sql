-- EXCEPT, too.
-- refused: not_private: a LeftAnti join of person tables is not offered yet; instead: JOIN or LEFT JOIN ... ON a.person_id = b.person_id
SELECT COUNT(*) FROM (SELECT code FROM condition EXCEPT SELECT code FROM procedure) t
