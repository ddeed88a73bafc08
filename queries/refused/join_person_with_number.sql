-- Nor a number.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = b.birth_year
