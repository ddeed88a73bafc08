-- Whole numbers and fractions of each person's records, bounded where they are added up.
SELECT COUNT(*) AS persons, SUM(clamp(total, 0, 1000, 0)) AS total,
       SUM(clamp(value, 0, 2000, 2)) AS value, AVG(clamp(kinds, 0, 500, 0)) AS kinds
FROM (
    SELECT person_id, SUM(date_part('month', effective_date)) AS total,
           SUM(clamp(value_number, 0, 10, 2)) FILTER (WHERE code = '4548-4') AS value,
           COUNT(DISTINCT code) AS kinds
    FROM observation
    GROUP BY person_id
) AS t
