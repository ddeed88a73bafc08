-- Files are not tables.
-- refused: not_granted: table 'lake/person.parquet' not found
SELECT COUNT(*) FROM 'lake/person.parquet'
