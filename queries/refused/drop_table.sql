-- Nothing is dropped.
-- refused: not_granted: ?
DROP TABLE person
