-- LATERAL runs a query for each row.
-- refused: not_private: this step is not on the list of what may see records; instead: see queries/examples
SELECT COUNT(*) FROM person p, LATERAL (SELECT * FROM condition c WHERE c.person_id =
p.person_id) t
