-- A function nobody looked at.
-- refused: not_granted: ?
SELECT COUNT(*) FROM condition WHERE md5(code) = code
