-- A window looks at more than one person.
-- refused: not_private: a window looks at more than one person; instead: group by what the window partitions by
SELECT COUNT(*) FROM (SELECT person_id, COUNT(*) OVER (PARTITION BY birth_year) AS n FROM
person) t WHERE n < 10
