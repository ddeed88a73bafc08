-- SIMILAR TO is a regular expression.
-- refused: not_private: SIMILAR TO cannot be answered: `condition.code SIMILAR TO '%(1|2)%'`; instead: use LIKE with a literal pattern
SELECT COUNT(*) FROM condition WHERE code SIMILAR TO '%(1|2)%'
