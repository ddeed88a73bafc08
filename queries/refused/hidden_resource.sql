-- Hidden columns are not there.
-- refused: not_granted: ?
SELECT COUNT(*) FROM person WHERE _resource > 0
