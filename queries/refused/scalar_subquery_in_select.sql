-- The same where it is shown.
-- refused: not_private: `(<subquery>)` computes with released numbers in a way that is not offered; instead: +, -, * and / of them are; what is computed afterwards is free
SELECT COUNT(*), (SELECT MAX(birth_year) FROM person) FROM person
