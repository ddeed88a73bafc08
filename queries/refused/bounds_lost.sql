-- Arithmetic after clamp has bounds no more.
-- refused: unbounded: `clamp(observation.value_number, CAST(Int64(0) AS Float64), CAST(Int64(1) AS Float64)) * CAST(Int64(1000) AS Float64)` has no bounds, so its noise would have no scale; by: privacy: sums are of bounded values; instead: clamp(clamp(observation.value_number, CAST(Int64(0) AS Float64), CAST(Int64(1) AS Float64)) * CAST(Int64(1000) AS Float64), low, high) with the plausible range
SELECT SUM(clamp(value_number, 0, 1) * 1000) FROM observation
