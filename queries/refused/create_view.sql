-- Not even a name for something.
-- refused: not_granted: ?
CREATE VIEW v AS SELECT * FROM person
