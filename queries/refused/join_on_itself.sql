-- A person equated with itself on one side equates nothing.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = a.person_id
