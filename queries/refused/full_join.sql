-- FULL JOIN is not offered yet.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a FULL JOIN condition b ON a.person_id = b.person_id
