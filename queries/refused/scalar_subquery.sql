-- A single value over all persons, used for each.
-- refused: not_private: an aggregate below an aggregate is one of many persons; instead: write a.person_id = b.person_id into the subquery, or ask it by itself
SELECT COUNT(*) FROM person WHERE birth_year > (SELECT AVG(birth_year) FROM person)
