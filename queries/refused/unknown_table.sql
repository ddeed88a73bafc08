-- A table that is not there.
-- refused: not_granted: table 'patients' not found
SELECT COUNT(*) FROM patients
