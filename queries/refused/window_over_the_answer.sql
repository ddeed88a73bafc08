-- A window over the answer is not offered yet.
-- refused: not_private: windows are not offered; instead: group by what the window partitions by
SELECT sex, SUM(COUNT(*)) OVER (ORDER BY sex) FROM person GROUP BY sex
