-- person_id is opaque: not even the half of all persons can be picked by it.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE person_id > 4611686018427387904
