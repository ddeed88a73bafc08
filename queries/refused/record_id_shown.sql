-- A group for each encounter, too.
-- refused: not_private: ?
SELECT encounter_id, COUNT(*) FROM condition GROUP BY encounter_id
