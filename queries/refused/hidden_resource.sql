-- Hidden columns are not there.
-- refused: not_granted: No field named _resource.
SELECT COUNT(*) FROM person WHERE _resource > 0
