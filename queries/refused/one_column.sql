-- One column of records is records.
-- refused: not_private: ?
SELECT sex FROM person
