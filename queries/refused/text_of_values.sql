-- So is a text.
-- refused: not_private: ?
SELECT STRING_AGG(code, ',') FROM condition
