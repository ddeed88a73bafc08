-- Nothing is deleted.
-- refused: not_granted: ?
DELETE FROM person
