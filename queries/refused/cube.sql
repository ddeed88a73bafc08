-- And CUBE.
-- refused: not_private: ?
SELECT sex, deceased, COUNT(*) FROM person GROUP BY CUBE (sex, deceased)
