-- A window over the answer is not offered yet.
-- refused: not_private: ?
SELECT sex, RANK() OVER (ORDER BY COUNT(*)) FROM person GROUP BY sex
