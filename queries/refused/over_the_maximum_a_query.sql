-- More than the permit gives to one query.
-- epsilon: 2.5
-- refused: budget: epsilon 2.5 is over the permit's maximum a query, 2; by: policy.output.dp.epsilonPerQueryMax
SELECT COUNT(DISTINCT person_id) FROM person
