-- The first row is somebody's.
-- refused: not_private: the aggregate `first_value` is not offered; instead: COUNT, COUNT(DISTINCT person_id), SUM and AVG are
SELECT FIRST_VALUE(birth_year) FROM person
