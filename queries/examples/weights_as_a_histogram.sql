-- How body weights are spread: eight bars of 20 kg from 40 kg on, and what is outside them.
-- rows: 1
SELECT width_bucket(value_number, 40, 200, 8) AS bar, COUNT(DISTINCT person_id) AS persons
FROM observation
WHERE code = '29463-7'
GROUP BY width_bucket(value_number, 40, 200, 8)
ORDER BY bar
