-- Nothing about the schema but what the dictionary says.
-- refused: not_granted: table 'datafusion.information_schema.tables' not found
SELECT COUNT(*) FROM information_schema.tables
