-- And so is the largest.
-- refused: not_private: ?
SELECT sex, MAX(birth_year) FROM person GROUP BY sex
