-- A value looked up among persons of the same sex is not the person's own.
-- refused: not_private: an aggregate below an aggregate is one of many persons; instead: add person_id to its GROUP BY, or ask one aggregate
SELECT COUNT(*) FROM person p
WHERE p.birth_year > (SELECT MIN(q.birth_year) FROM person q WHERE q.sex = p.sex)
