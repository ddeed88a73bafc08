-- An aggregate below an aggregate would be released in between.
-- refused: not_private: an aggregate below an aggregate is not offered yet; instead: ask one aggregate
SELECT AVG(n) FROM (SELECT person_id, COUNT(*) AS n FROM condition GROUP BY person_id) t
