-- A literal zero fails for every row.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE birth_year / 0 > 1
