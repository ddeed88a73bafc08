-- A mean, too.
-- refused: unbounded: ?
SELECT AVG(birth_year + 1) FROM person
