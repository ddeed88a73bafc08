-- The same where it is shown.
-- refused: not_private: the aggregate `max` is not offered; instead: an extreme is one person's value: ask APPROX_PERCENTILE_CONT(x, 0.99), or COUNT(DISTINCT person_id) by bands (CASE WHEN x < 10 THEN ...)
SELECT COUNT(*), (SELECT MAX(birth_year) FROM person) FROM person
