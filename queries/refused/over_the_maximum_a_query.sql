-- More than the permit gives to one query.
-- epsilon: 2.5
-- refused: budget: ?
SELECT COUNT(DISTINCT person_id) FROM person
