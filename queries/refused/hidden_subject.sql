-- Not one of them.
-- refused: not_granted: No field named _subject.
SELECT _subject, COUNT(*) FROM person GROUP BY _subject
