-- Distinct values of a column depend on single persons.
-- refused: not_private: COUNT(DISTINCT condition.code) is not offered yet; instead: COUNT(DISTINCT person_id) counts persons; GROUP BY the column shows its values
SELECT COUNT(DISTINCT code) FROM condition
