-- The first row is somebody's.
-- refused: not_private: ?
SELECT FIRST_VALUE(birth_year) FROM person
