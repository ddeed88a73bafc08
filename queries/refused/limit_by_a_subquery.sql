-- How many rows are shown would be an exact count.
-- refused: not_private: LIMIT and OFFSET take a number from 0 to 1000000000
SELECT sex, COUNT(*) FROM person GROUP BY sex LIMIT (SELECT COUNT(*) FROM condition)
