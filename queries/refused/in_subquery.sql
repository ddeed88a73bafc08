-- IN with a subquery over persons: join instead.
-- refused: not_private: a subquery in a condition cannot be answered: `person.birth_year IN (<subquery>)`; instead: join the tables on person_id
SELECT COUNT(*) FROM person WHERE birth_year IN (SELECT birth_year FROM person WHERE sex =
'male')
