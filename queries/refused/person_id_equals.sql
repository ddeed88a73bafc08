-- One person cannot be picked by number.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE person_id = 42
