-- Record pseudonyms are opaque as well.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE encounter_id > 0
