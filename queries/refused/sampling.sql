-- TABLESAMPLE would be ignored, and the account wrong.
-- refused: not_private: ?
SELECT COUNT(*) FROM person TABLESAMPLE BERNOULLI (10)
