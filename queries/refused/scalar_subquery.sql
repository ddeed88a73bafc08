-- A single value over all persons, used for each.
-- refused: not_private: a scalar subquery over persons cannot be answered: `(<subquery>)`; instead: ask it as a query of its own
SELECT COUNT(*) FROM person WHERE birth_year > (SELECT AVG(birth_year) FROM person)
