-- A pattern from a row, too.
-- refused: not_private: the pattern of LIKE must be a literal
SELECT COUNT(*) FROM condition WHERE code LIKE code_system
