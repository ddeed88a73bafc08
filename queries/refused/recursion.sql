-- Recursion has no bound.
-- refused: not_private: recursion has no bound; instead: write the steps out
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT COUNT(*)
FROM t
