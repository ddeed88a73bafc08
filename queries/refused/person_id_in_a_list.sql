-- Nor by a list.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE person_id IN (1, 2, 3)
