-- The same.
-- refused: not_granted: ?
DESCRIBE person
