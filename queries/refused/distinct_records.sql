-- DISTINCT shows which values there are, exactly.
-- refused: not_private: ?
SELECT DISTINCT code FROM condition
