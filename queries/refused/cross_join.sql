-- Everybody would meet everybody.
-- refused: not_private: ?
SELECT COUNT(*) FROM person CROSS JOIN condition
