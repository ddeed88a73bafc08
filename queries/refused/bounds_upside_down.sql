-- The lower bound comes first.
-- refused: unbounded: ?
SELECT SUM(clamp(length_hours, 10, 0)) FROM encounter
