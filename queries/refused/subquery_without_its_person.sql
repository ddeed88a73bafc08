-- A subquery that drops person_id has rows of nobody.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT sex FROM person) t
