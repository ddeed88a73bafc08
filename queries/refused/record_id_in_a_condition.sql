-- Record pseudonyms are opaque as well.
-- refused: not_private: `condition.encounter_id` is a pseudonym: its value cannot be computed with or shown; by: privacy: person_id is opaque; instead: join on it, or COUNT(DISTINCT person_id)
SELECT COUNT(*) FROM condition WHERE encounter_id > 0
