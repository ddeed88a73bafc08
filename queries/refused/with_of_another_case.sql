-- A name quoted in capitals is another name: it does not hide how much is read.
-- refused: too_large: the query reads over 64 tables, each use of a WITH counted; instead: ask it in parts
WITH "A" AS (SELECT person_id FROM person),
a AS (SELECT person_id FROM person),
"B" AS (SELECT x.person_id FROM "A" x JOIN "A" y ON x.person_id = y.person_id),
b AS (SELECT person_id FROM person),
"C" AS (SELECT x.person_id FROM "B" x JOIN "B" y ON x.person_id = y.person_id),
c AS (SELECT person_id FROM person),
"D" AS (SELECT x.person_id FROM "C" x JOIN "C" y ON x.person_id = y.person_id),
d AS (SELECT person_id FROM person),
"E" AS (SELECT x.person_id FROM "D" x JOIN "D" y ON x.person_id = y.person_id),
e AS (SELECT person_id FROM person),
"F" AS (SELECT x.person_id FROM "E" x JOIN "E" y ON x.person_id = y.person_id),
f AS (SELECT person_id FROM person),
"G" AS (SELECT x.person_id FROM "F" x JOIN "F" y ON x.person_id = y.person_id),
g AS (SELECT person_id FROM person),
"H" AS (SELECT x.person_id FROM "G" x JOIN "G" y ON x.person_id = y.person_id),
h AS (SELECT person_id FROM person)
SELECT COUNT(DISTINCT person_id) FROM "H"
