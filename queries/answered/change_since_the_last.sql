-- By how much a value differs from the one before it.
-- rows: 10000
SELECT COUNT(*) AS pairs, AVG(clamp(value - before, -100, 100, 1)) AS change
FROM (
    SELECT person_id, value_number AS value,
           LAG(value_number) OVER (
               PARTITION BY person_id ORDER BY effective_date, value_number
           ) AS before,
           RANK() OVER (PARTITION BY person_id ORDER BY effective_date) AS visit
    FROM observation
    WHERE code = '8480-6'
) AS t
WHERE before IS NOT NULL AND visit > 1
