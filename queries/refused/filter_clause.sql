-- FILTER is not offered yet.
-- refused: not_private: ?
SELECT COUNT(*) FILTER (WHERE sex = 'female') FROM person
