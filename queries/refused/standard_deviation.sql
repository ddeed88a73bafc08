-- A deviation, too.
-- refused: not_private: the aggregate `stddev` is not offered; instead: COUNT, COUNT(DISTINCT person_id), SUM and AVG are
SELECT STDDEV(birth_year) FROM person
