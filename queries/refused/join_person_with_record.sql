-- A person is not a record.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN encounter b ON a.person_id = b.encounter_id
