-- Functions of windows are not there at all.
-- refused: not_granted: Invalid function 'row_number'.
SELECT COUNT(*) FROM (SELECT person_id, ROW_NUMBER() OVER (ORDER BY birth_year) AS n FROM
person) t WHERE n < 10
