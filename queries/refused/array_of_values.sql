-- An array is records in one cell.
-- refused: not_private: ?
SELECT ARRAY_AGG(code) FROM condition
