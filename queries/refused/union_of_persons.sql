-- UNION is not offered yet.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT person_id FROM condition UNION ALL SELECT person_id FROM procedure)
t
