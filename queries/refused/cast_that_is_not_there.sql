-- A number with a fraction is no day.
-- refused: not_private: a cast of `observation.value_number` from Float64 to Date32 is not offered; instead: offered: BIGINT and DOUBLE of texts and numbers, DATE of texts, VARCHAR of whole numbers
SELECT COUNT(*) FROM observation WHERE TRY_CAST(value_number AS DATE) IS NULL
