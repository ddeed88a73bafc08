-- LIMIT below: one person would push out another.
-- refused: not_private: LIMIT over persons would let one person push out another; instead: limit the answer, or number each person's rows: ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY ...)
SELECT COUNT(*) FROM (SELECT person_id FROM person LIMIT 100) t
