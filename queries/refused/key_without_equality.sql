-- A float has no exact groups.
-- refused: not_private: `value_number` cannot be grouped by: it has no exact values; instead: group by bands: CASE WHEN x < 10 THEN 'low' ELSE 'high' END
SELECT value_number, COUNT(*) FROM observation GROUP BY value_number
