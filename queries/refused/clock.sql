-- The clock is no column.
-- refused: not_granted: Invalid function 'now'.
SELECT COUNT(*) FROM encounter WHERE start_date > now()
