-- Sums of fractions depend on the order of rows, and a window has no bounds.
-- refused: not_private: `sum` is not offered as a window; instead: row_number, lag, lead, first_value, rank, dense_rank, count, min, max
SELECT COUNT(*) FROM (
    SELECT person_id, SUM(value_number) OVER (PARTITION BY person_id) AS total FROM observation
) AS t WHERE total > 100
