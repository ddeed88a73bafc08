-- TABLESAMPLE would be ignored, and the account wrong.
-- refused: not_private: sampling is not offered: noise already hides each person; instead: leave TABLESAMPLE out
SELECT COUNT(*) FROM person TABLESAMPLE BERNOULLI (10)
