-- Each person would meet all later ones.
-- refused: not_private: `a.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id < b.person_id
