-- Each grouping set is a release of its own.
-- refused: not_private: GROUPING SETS, ROLLUP and CUBE are not offered; instead: ask each grouping by itself
SELECT sex, birth_year, COUNT(*) FROM person GROUP BY GROUPING SETS ((sex), (birth_year))
