-- Texts put together have no bound on their length.
-- refused: not_private: `string_agg` takes one argument here, and no ORDER BY
SELECT COUNT(*) FROM (
    SELECT person_id, STRING_AGG(code, ',') AS codes FROM condition GROUP BY person_id
) AS t WHERE codes LIKE '%44054006%'
