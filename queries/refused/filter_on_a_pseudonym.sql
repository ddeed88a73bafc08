-- A condition on who somebody is would single a person out.
-- refused: not_private: `condition.person_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FILTER (WHERE person_id = 7) FROM condition
