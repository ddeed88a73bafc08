-- Keys made by concatenation are not offered.
-- refused: not_private: ?
SELECT code || '-' || code_system, COUNT(*) FROM condition GROUP BY 1
