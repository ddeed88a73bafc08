-- Whether anybody at all has a condition.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE EXISTS (SELECT 1 FROM condition WHERE code = '44054006')
