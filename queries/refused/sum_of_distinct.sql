-- SUM(DISTINCT) says whether anybody has a value.
-- refused: not_private: the aggregate `sum` is not offered; instead: COUNT, COUNT(DISTINCT ...), SUM, AVG, VAR, STDDEV, MEDIAN and APPROX_PERCENTILE_CONT are
SELECT SUM(DISTINCT clamp(birth_year, 1900, 2030)) FROM person
