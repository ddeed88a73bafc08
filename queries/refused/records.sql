-- Records never leave.
-- refused: not_private: ?
SELECT * FROM person
