-- Nor as text.
-- refused: not_private: the cast of `person.person_id` from Int64 to Utf8 may fail for some row; instead: TRY_CAST gives NULL instead of failing
SELECT COUNT(*) FROM person WHERE CAST(person_id AS VARCHAR) LIKE '1%'
