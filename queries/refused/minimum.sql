-- The smallest value is one person's.
-- refused: not_private: the aggregate `min` is not offered; instead: an extreme is one person's value: ask APPROX_PERCENTILE_CONT(x, 0.99), or COUNT(DISTINCT person_id) by bands (CASE WHEN x < 10 THEN ...)
SELECT MIN(birth_year) FROM person
