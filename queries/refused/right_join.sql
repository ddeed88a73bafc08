-- RIGHT JOIN is not offered yet: turn the tables round.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition a RIGHT JOIN person b ON a.person_id = b.person_id
