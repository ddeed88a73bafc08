-- Everybody but oneself.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id <> b.person_id
