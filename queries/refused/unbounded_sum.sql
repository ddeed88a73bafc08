-- Without bounds one person could move the sum by any amount.
-- refused: unbounded: `observation.value_number * observation.value_number` has no bounds, so its noise would have no scale; by: privacy: sums are of bounded values; instead: clamp(observation.value_number * observation.value_number, low, high) with the plausible range
SELECT SUM(value_number * value_number) FROM observation
