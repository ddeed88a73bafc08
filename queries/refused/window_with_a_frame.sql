-- Frames are not offered: rows that are equal in order would be cut by chance.
-- refused: not_private: `count` here takes no frame, no DISTINCT and no IGNORE NULLS
SELECT COUNT(*) FROM (
    SELECT person_id, COUNT(*) OVER (
        PARTITION BY person_id ORDER BY onset_date ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
    ) AS n FROM condition
) AS t WHERE n > 1
