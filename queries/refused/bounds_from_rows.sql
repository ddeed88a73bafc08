-- Bounds come from the text, never from rows.
-- refused: not_private: `clamp` takes a literal there: a value from a row could make it fail
SELECT SUM(clamp(length_hours, 0, length_hours)) FROM encounter
