-- Arithmetic after clamp has bounds no more.
-- refused: unbounded: ?
SELECT SUM(clamp(value_number, 0, 1) * 1000) FROM observation
