-- A table that is not there.
-- refused: not_granted: ?
SELECT COUNT(*) FROM patients
