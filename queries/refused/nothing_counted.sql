-- Keys alone show who is there.
-- refused: not_private: the query counts nothing; instead: add COUNT(DISTINCT person_id)
SELECT code FROM condition GROUP BY code
