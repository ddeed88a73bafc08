-- IN with a subquery over persons: join instead.
-- refused: not_private: the subquery does not pass person_id on, so its rows belong to nobody; instead: add person_id to the subquery's SELECT
SELECT COUNT(*) FROM person WHERE birth_year IN (SELECT birth_year FROM person WHERE sex =
'male')
