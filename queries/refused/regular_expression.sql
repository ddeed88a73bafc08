-- A pattern can take for ever.
-- refused: not_private: the operator `~` is not offered on records
SELECT COUNT(*) FROM condition WHERE code ~ '(a+)+$'
