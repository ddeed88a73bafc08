-- Nothing is changed.
-- refused: not_granted: ?
UPDATE person SET sex = 'male'
