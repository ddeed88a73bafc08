-- Nothing about the engine.
-- refused: not_granted: ?
SELECT version()
