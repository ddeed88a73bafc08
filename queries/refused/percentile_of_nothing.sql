-- The hundredth percentile is one person's value.
-- refused: not_private: a percentile's part is a number from 0.001 to 0.999, as 0.5 is
SELECT APPROX_PERCENTILE_CONT(clamp(value_number, 0, 100), 1.0) FROM observation
