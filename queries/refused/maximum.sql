-- And so is the largest.
-- refused: not_private: the aggregate `max` is not offered; instead: an extreme is one person's value: ask COUNT(DISTINCT person_id) by bands (CASE WHEN x < 10 THEN ...), later a percentile
SELECT sex, MAX(birth_year) FROM person GROUP BY sex
