-- The same where it is shown.
-- refused: not_private: `(<subquery>)` computes with released numbers, which is not offered yet; instead: ask for the numbers themselves: computing with them afterwards is free
SELECT COUNT(*), (SELECT MAX(birth_year) FROM person) FROM person
