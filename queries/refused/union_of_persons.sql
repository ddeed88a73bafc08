-- UNION is not offered yet.
-- refused: not_private: UNION of person tables is not offered yet; instead: ask each by itself
SELECT COUNT(*) FROM (SELECT person_id FROM condition UNION ALL SELECT person_id FROM procedure)
t
