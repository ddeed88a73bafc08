-- LIMIT below: one person would push out another.
-- refused: not_private: LIMIT over persons would let one person push out another; instead: limit the answer instead
SELECT COUNT(*) FROM (SELECT person_id FROM person LIMIT 100) t
