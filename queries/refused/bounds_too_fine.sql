-- More digits than numbers are kept with.
-- refused: unbounded: `[0, 1000000000000] at scale 12` is not a pair of bounds: low below high, both within 2^53 units, scale at most 9
SELECT SUM(clamp(length_hours, 0, 1, 12)) FROM encounter
