-- Words that are no SQL.
-- refused: syntax: ParserError("Expected: an SQL statement, found: how at Line: 3, Column: 1"), at line 3, column 1
how many persons are there?
