-- Nor a number.
-- refused: not_private: `a.person_id = b.birth_year` compares a pseudonym with something else; by: privacy: person_id is opaque
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = b.birth_year
