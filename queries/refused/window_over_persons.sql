-- A window looks at more than one person.
-- refused: not_private: ?
SELECT COUNT(*) FROM (SELECT person_id, ROW_NUMBER() OVER (ORDER BY birth_year) AS n FROM
person) t WHERE n < 10
