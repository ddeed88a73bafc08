-- A deviation, too.
-- refused: not_private: ?
SELECT STDDEV(birth_year) FROM person
