-- DISTINCT shows which values there are, exactly.
-- refused: not_private: DISTINCT shows records; instead: GROUP BY with COUNT(DISTINCT person_id)
SELECT DISTINCT code FROM condition
