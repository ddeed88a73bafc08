-- A group for each encounter, too.
-- refused: not_private: `encounter_id` is a pseudonym: each group would be one person; by: privacy: person_id is opaque
SELECT encounter_id, COUNT(*) FROM condition GROUP BY encounter_id
