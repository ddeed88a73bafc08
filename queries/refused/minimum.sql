-- The smallest value is one person's.
-- refused: not_private: ?
SELECT MIN(birth_year) FROM person
