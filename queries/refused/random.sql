-- Chance would make two answers of one question.
-- refused: not_granted: Invalid function 'random'.
SELECT COUNT(*) FROM person WHERE random() < 0.5
