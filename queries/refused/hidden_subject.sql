-- Not one of them.
-- refused: not_granted: ?
SELECT _subject, COUNT(*) FROM person GROUP BY _subject
