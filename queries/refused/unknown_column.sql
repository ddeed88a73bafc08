-- A column that is not there.
-- refused: not_granted: ?
SELECT COUNT(*) FROM person WHERE name = 1
