-- The clock is no column.
-- refused: not_granted: ?
SELECT COUNT(*) FROM encounter WHERE start_date > now()
