-- Each person would meet all later ones.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id < b.person_id
