-- Nor as text.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE CAST(person_id AS VARCHAR) LIKE '1%'
