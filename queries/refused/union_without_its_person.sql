-- A part without person_id belongs to nobody.
-- refused: not_private: the subquery does not pass person_id on, so its rows belong to nobody; instead: add person_id to the subquery's SELECT
SELECT COUNT(*) FROM (SELECT code FROM condition UNION ALL SELECT code FROM procedure) AS t
