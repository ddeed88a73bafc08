-- The latest haemoglobin A1c of each person: median, spread, and the share above 7 percent.
SELECT MEDIAN(clamp(value_number, 4, 14)) AS half_are_below,
       STDDEV(clamp(value_number, 4, 14)) AS deviation,
       100.0 * COUNT(*) FILTER (WHERE value_number > 7) / COUNT(*) AS percent_above_7
FROM (
    SELECT person_id, value_number,
           ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY effective_date DESC) AS number
    FROM observation
    WHERE code = '4548-4'
) AS o
WHERE number = 1
