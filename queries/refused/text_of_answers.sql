-- An answer is not made into a text: it would lose its interval.
-- refused: not_private: `upper(person.sex)` computes with released numbers in a way that is not offered; instead: +, -, * and / of them are; what is computed afterwards is free
SELECT upper(sex), round(CAST(COUNT(*) AS DOUBLE)) FROM person GROUP BY sex
