-- Nor do they read files.
-- refused: not_granted: ?
SELECT COUNT(*) FROM read_parquet('lake/person.parquet')
