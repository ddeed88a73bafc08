-- A histogram that ends before it begins.
-- refused: unbounded: width_bucket takes a value, its low and high end, and from 1 to 1000 bars
SELECT width_bucket(value_number, 100, 0, 8), COUNT(*) FROM observation GROUP BY 1
