-- A function nobody looked at.
-- refused: not_granted: Invalid function 'md5'.
SELECT COUNT(*) FROM condition WHERE md5(code) = code
