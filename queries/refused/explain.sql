-- A plan shows exact row counts.
-- refused: not_granted: only a single SELECT can be asked; by: the permit grants questions, not statements; instead: SELECT ... FROM ... GROUP BY ...; `--preview` shows cost and noise
EXPLAIN SELECT COUNT(*) FROM person
