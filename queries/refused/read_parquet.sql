-- Nor do they read files.
-- refused: not_granted: table function 'read_parquet' not found
SELECT COUNT(*) FROM read_parquet('lake/person.parquet')
