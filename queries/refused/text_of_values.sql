-- So is a text.
-- refused: not_private: `string_agg` takes one argument here
SELECT STRING_AGG(code, ',') FROM condition
