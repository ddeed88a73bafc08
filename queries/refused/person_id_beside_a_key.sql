-- Nor together with another key.
-- refused: not_private: `person_id` is a pseudonym: each group would be one person; by: privacy: person_id is opaque
SELECT sex, person_id, COUNT(*) FROM person GROUP BY sex, person_id
