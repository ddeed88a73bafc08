-- Not in this dialect either.
-- refused: not_granted: table 'datafusion.pg_catalog.pg_tables' not found
SELECT COUNT(*) FROM pg_catalog.pg_tables
