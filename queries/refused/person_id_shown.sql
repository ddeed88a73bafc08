-- A group for each person is a record for each person.
-- refused: not_private: `person_id` is a pseudonym: each group would be one person; by: privacy: person_id is opaque
SELECT person_id, COUNT(*) FROM condition GROUP BY person_id
