-- What cannot be computed is NULL: no row's value makes a query fail.
-- rows: 10000
-- duckdb: SELECT COUNT(*), COUNT(1000 // (birth_year - 1970)), COUNT(CASE WHEN birth_year < 1970 THEN 1 END), COUNT(CASE WHEN birth_year <= 1970 THEN 1 END), COUNT(TRY_CAST(region AS BIGINT)) FROM person
SELECT COUNT(*) AS persons, COUNT(1000 / (birth_year - 1970)) AS divided,
       COUNT(ln(1970 - birth_year)) AS logarithms, COUNT(sqrt(1970 - birth_year)) AS roots,
       COUNT(CAST(region AS BIGINT)) AS numbers
FROM person
