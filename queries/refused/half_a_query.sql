-- A query that stops in the middle.
-- refused: syntax: ParserError("Expected: ), found: person at Line: 3, Column: 20"), at line 3, column 20
SELECT COUNT( FROM person
