-- And running it shows more.
-- refused: not_granted: ?
EXPLAIN ANALYZE SELECT COUNT(*) FROM person
