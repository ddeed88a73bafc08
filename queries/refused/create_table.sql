-- Nothing is made.
-- refused: not_granted: ?
CREATE TABLE t AS SELECT * FROM person
