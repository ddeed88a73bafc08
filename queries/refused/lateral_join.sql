-- LATERAL runs a query for each row.
-- refused: not_private: ?
SELECT COUNT(*) FROM person p, LATERAL (SELECT * FROM condition c WHERE c.person_id =
p.person_id) t
