-- UNION ALL of records, each part with its person.
-- rows: 10000
-- groups: 10000
SELECT kind, COUNT(*) AS records, COUNT(DISTINCT person_id) AS persons
FROM (
    SELECT person_id, 'condition' AS kind FROM condition
    UNION ALL
    SELECT person_id, 'procedure' AS kind FROM procedure
) AS t
GROUP BY kind
