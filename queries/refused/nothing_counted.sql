-- Keys alone show who is there.
-- refused: not_private: ?
SELECT code FROM condition GROUP BY code
