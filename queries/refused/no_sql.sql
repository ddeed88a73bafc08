-- Words that are no SQL.
-- refused: syntax: ?
how many persons are there?
