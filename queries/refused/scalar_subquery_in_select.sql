-- The same where it is shown.
-- refused: not_private: ?
SELECT COUNT(*), (SELECT MAX(birth_year) FROM person) FROM person
