-- A single value over all persons, used for each.
-- refused: not_private: a value of many persons cannot be answered: `(<subquery>)`; instead: write a.person_id = b.person_id into the subquery, or ask it by itself
SELECT COUNT(*) FROM person WHERE birth_year > (SELECT AVG(birth_year) FROM person)
