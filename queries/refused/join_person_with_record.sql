-- A person is not a record.
-- refused: not_private: `a.person_id = b.encounter_id` compares a pseudonym with something else; by: privacy: person_id is opaque
SELECT COUNT(*) FROM person a JOIN encounter b ON a.person_id = b.encounter_id
