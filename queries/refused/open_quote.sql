-- A text without its end.
-- refused: syntax: Unterminated string literal, at line 3, column 41
SELECT COUNT(*) FROM person WHERE sex = 'female
