-- An aggregate below an aggregate would be released in between.
-- refused: not_private: an aggregate below an aggregate is one of many persons; instead: add person_id to its GROUP BY, or ask one aggregate
SELECT AVG(clamp(n, 0, 100)) FROM (SELECT code, COUNT(*) AS n FROM condition GROUP BY code) AS t
