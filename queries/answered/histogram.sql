-- A histogram: bars of one width are public keys, and 0 and 9 are what is outside.
-- rows: 10000
-- groups: 10
SELECT width_bucket(value_number, 40, 200, 8) AS bar, COUNT(*) AS n, COUNT(DISTINCT person_id) AS persons
FROM observation
WHERE code = '29463-7'
GROUP BY width_bucket(value_number, 40, 200, 8)
ORDER BY bar
