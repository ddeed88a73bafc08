-- Nor by its parity.
-- refused: not_private: ?
SELECT person_id % 2, COUNT(*) FROM person GROUP BY person_id % 2
