-- A query that stops in the middle.
-- refused: syntax: ?
SELECT COUNT( FROM person
