-- The lower bound comes first.
-- refused: unbounded: `[10, 0] at scale 0` is not a pair of bounds: low below high, both within 2^53 units, scale at most 9
SELECT SUM(clamp(length_hours, 10, 0)) FROM encounter
