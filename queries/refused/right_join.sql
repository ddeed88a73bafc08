-- RIGHT JOIN is not offered yet: turn the tables round.
-- refused: not_private: a Right join of person tables is not offered yet; instead: JOIN or LEFT JOIN ... ON a.person_id = b.person_id
SELECT COUNT(*) FROM condition a RIGHT JOIN person b ON a.person_id = b.person_id
