-- ROLLUP, too.
-- refused: not_private: GROUPING SETS, ROLLUP and CUBE are not offered; instead: ask each grouping by itself
SELECT sex, deceased, COUNT(*) FROM person GROUP BY ROLLUP (sex, deceased)
