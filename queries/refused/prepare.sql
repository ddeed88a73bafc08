-- One statement, read once.
-- refused: not_granted: ?
PREPARE p AS SELECT COUNT(*) FROM person
