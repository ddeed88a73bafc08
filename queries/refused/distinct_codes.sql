-- Distinct values of a column depend on single persons.
-- refused: not_private: ?
SELECT COUNT(DISTINCT code) FROM condition
