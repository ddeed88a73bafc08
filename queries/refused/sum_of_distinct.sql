-- SUM(DISTINCT) says whether anybody has a value.
-- refused: not_private: the aggregate `sum` is not offered; instead: COUNT, COUNT(DISTINCT person_id), SUM and AVG are
SELECT SUM(DISTINCT clamp(birth_year, 1900, 2030)) FROM person
