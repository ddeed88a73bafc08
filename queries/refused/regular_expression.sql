-- A pattern can take for ever.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE code ~ '(a+)+$'
