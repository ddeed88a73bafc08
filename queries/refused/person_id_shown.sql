-- A group for each person is a record for each person.
-- refused: not_private: ?
SELECT person_id, COUNT(*) FROM condition GROUP BY person_id
