-- Nothing about the schema but what the dictionary says.
-- refused: not_granted: ?
SELECT COUNT(*) FROM information_schema.tables
