-- How often a WITH is planned is counted at the beginning of the query only.
-- refused: not_private: WITH inside a part of a query is not offered; instead: put it at the beginning of the query
SELECT COUNT(DISTINCT person_id) FROM (
    WITH a AS (SELECT person_id FROM person) SELECT person_id FROM a
) AS t
