-- It fails for some row, and the failure would say so.
-- refused: not_private: ?
SELECT COUNT(*) FROM person WHERE 1000 / (birth_year - 1970) > 1
