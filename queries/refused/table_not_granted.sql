-- A table the permit does not name.
-- granted: person(sex, birth_year), condition(code)
-- refused: not_granted: table 'datafusion.public.observation' not found
SELECT COUNT(*) FROM observation
