-- Nor added up.
-- refused: not_private: ?
SELECT SUM(clamp(person_id, 0, 10)) FROM person
