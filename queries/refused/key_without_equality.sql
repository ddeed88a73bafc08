-- A float has no exact groups.
-- refused: not_private: ?
SELECT value_number, COUNT(*) FROM observation GROUP BY value_number
