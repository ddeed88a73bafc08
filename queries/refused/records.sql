-- Records never leave.
-- refused: not_private: the query shows records: only aggregates leave; by: Article 66: the answer is anonymised; instead: SELECT sex, COUNT(DISTINCT person_id) FROM person GROUP BY sex
SELECT * FROM person
