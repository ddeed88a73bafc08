-- A literal zero fails for every row.
-- refused: not_private: `person.birth_year / Int64(0)` may divide by zero for some row; instead: divide by a literal above zero
SELECT COUNT(*) FROM person WHERE birth_year / 0 > 1
