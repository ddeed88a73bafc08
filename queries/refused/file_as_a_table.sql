-- Files are not tables.
-- refused: not_granted: ?
SELECT COUNT(*) FROM 'lake/person.parquet'
