-- A query reads a table of the permit.
-- refused: not_private: ?
SELECT COUNT(*) FROM (VALUES (1), (2)) t
