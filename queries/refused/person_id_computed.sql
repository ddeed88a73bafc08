-- Nor by its parity.
-- refused: not_private: `person.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT person_id % 2, COUNT(*) FROM person GROUP BY person_id % 2
