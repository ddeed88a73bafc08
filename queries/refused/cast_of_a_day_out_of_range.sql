-- TRY_CAST can fail as well: a day after the last day has no text.
-- refused: not_private: a cast of `CASE WHEN encounter.class = 'EMER' THEN '2147483647' ELSE '0' END` from Date32 to Utf8 is not offered; instead: offered: BIGINT and DOUBLE of texts and numbers, DATE of texts, VARCHAR of whole numbers
SELECT COUNT(*) FROM encounter
WHERE TRY_CAST(TRY_CAST(CASE WHEN class = 'EMER' THEN TRY_CAST('2147483647' AS INT)
      ELSE TRY_CAST('0' AS INT) END AS DATE) AS VARCHAR) = 'x'
