-- One question at a time.
-- refused: not_granted: This feature is not implemented: The context currently only supports a single SQL statement
SELECT COUNT(*) FROM person; SELECT COUNT(*) FROM condition
