-- Fractions have no exact values.
-- refused: not_private: `observation.value_number` has no exact values that could be counted; instead: round it to whole numbers: TRY_CAST(x AS BIGINT)
SELECT COUNT(DISTINCT value_number) FROM observation
