-- LIMIT below: one person would push out another.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT person_id FROM person LIMIT 100) t
