-- ROLLUP, too.
-- refused: not_private: ?
SELECT sex, deceased, COUNT(*) FROM person GROUP BY ROLLUP (sex, deceased)
