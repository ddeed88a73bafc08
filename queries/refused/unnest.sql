-- UNNEST is not offered on records.
-- refused: not_private: ?
SELECT COUNT(*) FROM person, UNNEST(ARRAY[1, 2]) t
