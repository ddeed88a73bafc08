-- An array is records in one cell.
-- refused: not_private: the aggregate `array_agg` is not offered; instead: COUNT, COUNT(DISTINCT ...), SUM, AVG, VAR, STDDEV, MEDIAN and APPROX_PERCENTILE_CONT are
SELECT ARRAY_AGG(code) FROM condition
