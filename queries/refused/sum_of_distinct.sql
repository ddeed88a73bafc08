-- SUM(DISTINCT) says whether anybody has a value.
-- refused: not_private: ?
SELECT SUM(DISTINCT clamp(birth_year, 1900, 2030)) FROM person
