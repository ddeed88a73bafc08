-- It fails for some row, and the failure would say so.
-- refused: not_private: `Int64(1000) / (person.birth_year - Int64(1970))` may divide by zero for some row; instead: divide by a literal above zero
SELECT COUNT(*) FROM person WHERE 1000 / (birth_year - 1970) > 1
