-- EXISTS is not offered yet: join instead.
-- refused: not_private: ?
SELECT COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM condition c WHERE c.person_id =
p.person_id)
