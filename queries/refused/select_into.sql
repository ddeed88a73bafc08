-- Not in this way either.
-- refused: not_private: ?
SELECT * INTO t FROM person
