-- Seven steps that each use the one before twice would read 128 tables.
-- refused: too_large: the query reads over 64 tables, each use of a WITH counted; instead: ask it in parts
WITH a AS (SELECT person_id FROM person),
b AS (SELECT x.person_id FROM a x JOIN a y ON x.person_id = y.person_id),
c AS (SELECT x.person_id FROM b x JOIN b y ON x.person_id = y.person_id),
d AS (SELECT x.person_id FROM c x JOIN c y ON x.person_id = y.person_id),
e AS (SELECT x.person_id FROM d x JOIN d y ON x.person_id = y.person_id),
f AS (SELECT x.person_id FROM e x JOIN e y ON x.person_id = y.person_id),
g AS (SELECT x.person_id FROM f x JOIN f y ON x.person_id = y.person_id),
h AS (SELECT x.person_id FROM g x JOIN g y ON x.person_id = y.person_id)
SELECT COUNT(DISTINCT person_id) FROM h
