-- One code that is no number would stop the query.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition WHERE CAST(code AS INTEGER) > 5
