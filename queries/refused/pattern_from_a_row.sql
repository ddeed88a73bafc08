-- A pattern from a row, too.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE code LIKE code_system
