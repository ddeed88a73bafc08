-- A pseudonym in one part and a value in the other: the values would be shown as persons.
-- refused: not_private: a column of UNION is a pseudonym in one part and a value in another
SELECT COUNT(DISTINCT id) FROM (
    SELECT person_id AS id, person_id FROM person
    UNION ALL
    SELECT birth_year AS id, person_id FROM person
) AS t
