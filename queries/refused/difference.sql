-- EXCEPT, too.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT code FROM condition EXCEPT SELECT code FROM procedure) t
