-- Nothing is written.
-- refused: not_granted: ?
INSERT INTO person VALUES (1)
