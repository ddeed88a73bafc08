-- There is nothing to begin.
-- refused: not_granted: only a single SELECT can be asked; by: the permit grants questions, not statements; instead: SELECT ... FROM ... GROUP BY ...; `--preview` shows cost and noise
BEGIN
