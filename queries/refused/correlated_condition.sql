-- A subquery that looks back.
-- refused: not_private: ?
SELECT COUNT(*) FROM person p WHERE birth_year = (SELECT MAX(birth_year) FROM person q WHERE
q.sex = p.sex)
