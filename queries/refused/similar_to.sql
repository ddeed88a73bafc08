-- SIMILAR TO is a regular expression.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE code SIMILAR TO '%(1|2)%'
