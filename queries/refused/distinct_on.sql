-- DISTINCT ON takes any of a person's rows.
-- refused: not_private: DISTINCT ON is not offered on records; instead: ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY ...) and a condition on it
SELECT COUNT(*) FROM (
    SELECT DISTINCT ON (person_id) person_id, code FROM condition ORDER BY person_id
) AS t WHERE code = '44054006'
