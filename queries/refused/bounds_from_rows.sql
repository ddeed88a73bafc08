-- Bounds come from the text, never from rows.
-- refused: not_private: ?
SELECT SUM(clamp(length_hours, 0, length_hours)) FROM encounter
