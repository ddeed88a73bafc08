-- A subquery that drops person_id has rows of nobody.
-- refused: not_private: the subquery does not pass person_id on, so its rows belong to nobody; instead: add person_id to the subquery's SELECT
SELECT COUNT(*) FROM (SELECT sex FROM person) t
