-- There is nothing to begin.
-- refused: not_granted: ?
BEGIN
