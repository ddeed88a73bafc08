-- IN with a subquery over persons: join instead.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE birth_year IN (SELECT birth_year FROM person WHERE sex =
'male')
