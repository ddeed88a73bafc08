-- Nor behind CASE.
-- refused: not_private: ?
SELECT CASE WHEN person_id < 0 THEN 'a' ELSE 'b' END, COUNT(*) FROM person GROUP BY 1
