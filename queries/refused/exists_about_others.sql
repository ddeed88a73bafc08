-- Whether anybody at all has a condition.
-- refused: not_private: the subquery does not pass person_id on, so its rows belong to nobody; instead: add person_id to the subquery's SELECT
SELECT COUNT(*) FROM person WHERE EXISTS (SELECT 1 FROM condition WHERE code = '44054006')
