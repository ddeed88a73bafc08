-- A column the permit does not name.
-- granted: person(sex, birth_year), condition(code)
-- refused: not_granted: No field named region.
SELECT region, COUNT(*) FROM person GROUP BY region
