-- FILTER is not offered yet.
-- refused: not_private: FILTER, ORDER BY and IGNORE NULLS in an aggregate: not offered yet; instead: put the condition into WHERE
SELECT COUNT(*) FILTER (WHERE sex = 'female') FROM person
