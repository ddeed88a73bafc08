-- One question at a time.
-- refused: not_granted: ?
SELECT COUNT(*) FROM person; SELECT COUNT(*) FROM condition
