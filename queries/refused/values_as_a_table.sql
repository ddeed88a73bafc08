-- A query reads a table of the permit.
-- refused: not_private: the query reads no table of the permit; instead: SELECT ... FROM a granted table
SELECT COUNT(*) FROM (VALUES (1), (2)) t
