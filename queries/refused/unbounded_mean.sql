-- A mean, too.
-- refused: unbounded: `CAST(person.birth_year + Int64(1) AS Float64)` has no bounds, so its noise would have no scale; by: privacy: sums are of bounded values; instead: clamp(CAST(person.birth_year + Int64(1) AS Float64), low, high) with the plausible range
SELECT AVG(birth_year + 1) FROM person
