-- A plan shows exact row counts.
-- refused: not_granted: ?
EXPLAIN SELECT COUNT(*) FROM person
