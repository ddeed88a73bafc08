-- Rows without a partner would stand in one window, of many persons.
-- refused: not_private: the window looks at more than one person; instead: PARTITION BY person_id, and whatever more
SELECT COUNT(*) FROM (
    SELECT p.person_id, COUNT(*) OVER (PARTITION BY a.person_id) AS n
    FROM person p LEFT JOIN allergy a ON a.person_id = p.person_id
) AS t WHERE n > 5
