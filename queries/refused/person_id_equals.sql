-- One person cannot be picked by number.
-- refused: not_private: `person.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FROM person WHERE person_id = 42
