-- A text without its end.
-- refused: syntax: ?
SELECT COUNT(*) FROM person WHERE sex = 'female
