-- The first row is somebody's.
-- refused: not_private: the aggregate `first_value` is not offered; instead: COUNT, COUNT(DISTINCT ...), SUM, AVG, VAR, STDDEV, MEDIAN and APPROX_PERCENTILE_CONT are
SELECT FIRST_VALUE(birth_year) FROM person
