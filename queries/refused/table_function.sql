-- Functions are not tables.
-- refused: not_granted: ?
SELECT COUNT(*) FROM generate_series(1, 10)
