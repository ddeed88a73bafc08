-- A person equated with itself on one side equates nothing.
-- refused: not_private: the join does not equate person_id, so persons would meet each other; by: privacy: joins of person tables equate the carriers; instead: JOIN ... ON a.person_id = b.person_id; EXISTS and IN need it, too
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = a.person_id
