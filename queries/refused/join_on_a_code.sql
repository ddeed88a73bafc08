-- Persons with the same code would meet.
-- refused: not_private: ?
SELECT COUNT(*) FROM condition a JOIN procedure b ON a.code = b.code
