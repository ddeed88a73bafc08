-- FULL JOIN is not offered yet.
-- refused: not_private: a Full join of person tables is not offered yet; instead: JOIN or LEFT JOIN ... ON a.person_id = b.person_id
SELECT COUNT(*) FROM person a FULL JOIN condition b ON a.person_id = b.person_id
