-- Nor together with another key.
-- refused: not_private: ?
SELECT sex, person_id, COUNT(*) FROM person GROUP BY sex, person_id
