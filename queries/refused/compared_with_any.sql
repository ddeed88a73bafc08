-- ANY over persons.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE birth_year > ANY (SELECT birth_year FROM person)
