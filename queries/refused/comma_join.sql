-- The same, with a comma.
-- refused: not_private: ?
SELECT COUNT(*) FROM person, condition
