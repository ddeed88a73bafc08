-- OFFSET, too.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT person_id FROM person ORDER BY birth_year OFFSET 5) t
