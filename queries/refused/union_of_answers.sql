-- Two answers are two questions.
-- refused: not_private: ?
SELECT COUNT(*) FROM person UNION ALL SELECT COUNT(*) FROM condition
