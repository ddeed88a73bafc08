-- A single value over all persons, used for each.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE birth_year > (SELECT AVG(birth_year) FROM person)
