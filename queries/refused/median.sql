-- A median needs its own mechanism.
-- refused: not_private: the aggregate `median` is not offered; instead: COUNT, COUNT(DISTINCT person_id), SUM and AVG are
SELECT MEDIAN(birth_year) FROM person
