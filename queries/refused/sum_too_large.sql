-- A sum that a release cannot write is known before anything is paid.
-- refused: too_large: `sum(clamp(observation.value_number,Int64(0),Int64(9007199254740992),Int64(0)))` could be a number too large to be written; instead: narrow the bounds of clamp
SELECT SUM(clamp(value_number, 0, 9007199254740992, 0)) FROM observation
