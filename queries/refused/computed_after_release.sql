-- Computing with released numbers is free, but not here yet.
-- refused: not_private: ?
SELECT COUNT(*) * 2 FROM person
