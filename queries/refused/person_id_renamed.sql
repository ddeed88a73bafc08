-- A new name does not make it another thing.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT person_id, person_id AS n FROM person) t WHERE n > 0
