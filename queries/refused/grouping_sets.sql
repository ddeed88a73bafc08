-- Each grouping set is a release of its own.
-- refused: not_private: ?
SELECT sex, birth_year, COUNT(*) FROM person GROUP BY GROUPING SETS ((sex), (birth_year))
