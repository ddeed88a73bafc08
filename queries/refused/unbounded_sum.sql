-- Without bounds one person could move the sum by any amount.
-- refused: unbounded: ?
SELECT SUM(value_number * value_number) FROM observation
