-- The ends of a histogram come from a column: which bars there are would depend on records.
-- refused: not_private: `width_bucket` takes a literal there: a value from a row could make it fail
SELECT width_bucket(value_number, 0, person_id, 8), COUNT(*) FROM observation GROUP BY 1
