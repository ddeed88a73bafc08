-- Nor as text.
-- refused: not_private: `person.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FROM person WHERE CAST(person_id AS VARCHAR) LIKE '1%'
