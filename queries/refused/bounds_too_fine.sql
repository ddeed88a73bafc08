-- More digits than numbers are kept with.
-- refused: unbounded: ?
SELECT SUM(clamp(length_hours, 0, 1, 12)) FROM encounter
