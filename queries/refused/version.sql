-- Nothing about the engine.
-- refused: not_granted: Invalid function 'version'.
SELECT version()
