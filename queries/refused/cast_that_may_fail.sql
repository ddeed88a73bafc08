-- One code that is no number would stop the query.
-- refused: not_private: the cast of `condition.code` from Utf8 to Int32 may fail for some row; instead: TRY_CAST gives NULL instead of failing
SELECT COUNT(*) FROM condition WHERE CAST(code AS INTEGER) > 5
