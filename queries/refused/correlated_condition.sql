-- A subquery that looks back.
-- refused: not_private: an aggregate below an aggregate is one of many persons; instead: add person_id to its GROUP BY, or ask one aggregate
SELECT COUNT(*) FROM person p WHERE birth_year = (SELECT MAX(birth_year) FROM person q WHERE
q.sex = p.sex)
