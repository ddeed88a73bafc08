-- Nor behind CASE.
-- refused: not_private: `person.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT CASE WHEN person_id < 0 THEN 'a' ELSE 'b' END, COUNT(*) FROM person GROUP BY 1
