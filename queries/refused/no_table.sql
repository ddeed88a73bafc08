-- Without a table there is nothing to permit.
-- refused: not_private: the query reads no table of the permit
SELECT 1
