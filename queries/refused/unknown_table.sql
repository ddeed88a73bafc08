-- A table that is not there.
-- refused: not_granted: table 'datafusion.public.patients' not found
SELECT COUNT(*) FROM patients
