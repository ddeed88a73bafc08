-- A subquery that looks back.
-- refused: not_private: a scalar subquery over persons cannot be answered: `(<subquery>)`; instead: ask it as a query of its own
SELECT COUNT(*) FROM person p WHERE birth_year = (SELECT MAX(birth_year) FROM person q WHERE
q.sex = p.sex)
