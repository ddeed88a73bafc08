-- The dictionary is published; the engine is not asked.
-- refused: not_granted: ?
SHOW TABLES
