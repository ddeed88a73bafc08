-- A number with a fraction is no day.
-- refused: not_private: TRY_CAST of `observation.value_number` from Float64 to Date32 is not offered; instead: TRY_CAST makes numbers of texts and numbers: BIGINT, DOUBLE
SELECT COUNT(*) FROM observation WHERE TRY_CAST(value_number AS DATE) IS NULL
