-- Functions are not tables.
-- refused: not_granted: table function 'generate_series' not found
SELECT COUNT(*) FROM generate_series(1, 10)
