-- A limit that cannot be kept is known before anything is paid.
-- refused: not_private: LIMIT and OFFSET take a number from 0 to 1000000000
SELECT sex, COUNT(*) FROM person GROUP BY sex LIMIT -1
