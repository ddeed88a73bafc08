-- TRY_CAST can fail as well: a day after the last day has no text.
-- refused: not_private: TRY_CAST of `TRY_CAST(CASE WHEN encounter.class = Utf8("EMER") THEN TRY_CAST(Utf8("2147483647") AS Int32) ELSE TRY_CAST(Utf8("0") AS Int32) END AS Date32)` from Date32 to Utf8 is not offered; instead: TRY_CAST makes numbers of texts and numbers: BIGINT, DOUBLE
SELECT COUNT(*) FROM encounter
WHERE TRY_CAST(TRY_CAST(CASE WHEN class = 'EMER' THEN TRY_CAST('2147483647' AS INT)
      ELSE TRY_CAST('0' AS INT) END AS DATE) AS VARCHAR) = 'x'
