-- Without a table there is nothing to permit.
-- refused: not_private: ?
SELECT 1
