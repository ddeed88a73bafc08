-- A column that is not there.
-- refused: not_granted: No field named name.
SELECT COUNT(*) FROM person WHERE name = 1
