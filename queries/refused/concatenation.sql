-- Keys made by concatenation are not offered.
-- refused: not_private: the operator `||` is not offered on records
SELECT code || '-' || code_system, COUNT(*) FROM condition GROUP BY 1
