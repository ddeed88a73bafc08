-- Not in this way either.
-- refused: not_private: this shape of query is not offered; instead: see queries/examples
SELECT * INTO t FROM person
