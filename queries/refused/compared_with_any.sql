-- ANY over persons.
-- refused: not_private: a value of many persons cannot be answered: `person.birth_year > ANY (<subquery>)`; instead: write a.person_id = b.person_id into the subquery, or ask it by itself
SELECT COUNT(*) FROM person WHERE birth_year > ANY (SELECT birth_year FROM person)
