-- A table the permit does not name.
-- granted: person(sex, birth_year), condition(code)
-- refused: not_granted: table 'observation' not found
SELECT COUNT(*) FROM observation
