-- Two answers are two questions.
-- refused: not_private: uniting answers is not offered yet; instead: ask them one by one
SELECT COUNT(*) FROM person UNION ALL SELECT COUNT(*) FROM condition
