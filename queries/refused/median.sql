-- A median needs its own mechanism.
-- refused: not_private: ?
SELECT MEDIAN(birth_year) FROM person
