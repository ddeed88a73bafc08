-- ANY over persons.
-- refused: not_private: a scalar subquery over persons cannot be answered: `person.birth_year > ANY (<subquery>)`; instead: ask it as a query of its own
SELECT COUNT(*) FROM person WHERE birth_year > ANY (SELECT birth_year FROM person)
