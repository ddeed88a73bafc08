-- A new name does not make it another thing.
-- refused: not_private: `t.n` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FROM (SELECT person_id, person_id AS n FROM person) t WHERE n > 0
