-- A window looks at more than one person.
-- refused: not_private: the window looks at more than one person; instead: PARTITION BY person_id, and whatever more
SELECT COUNT(*) FROM (SELECT person_id, COUNT(*) OVER (PARTITION BY birth_year) AS n FROM
person) t WHERE n < 10
