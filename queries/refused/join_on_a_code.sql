-- Persons with the same code would meet.
-- refused: not_private: the join does not equate person_id, so persons would meet each other; by: privacy: joins of person tables equate the carriers; instead: JOIN ... ON a.person_id = b.person_id; EXISTS and IN need it, too
SELECT COUNT(*) FROM condition a JOIN procedure b ON a.code = b.code
