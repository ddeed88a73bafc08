-- Not in this dialect either.
-- refused: not_granted: ?
SELECT COUNT(*) FROM pg_catalog.pg_tables
