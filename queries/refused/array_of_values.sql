-- An array is records in one cell.
-- refused: not_private: the aggregate `array_agg` is not offered; instead: COUNT, COUNT(DISTINCT person_id), SUM and AVG are
SELECT ARRAY_AGG(code) FROM condition
