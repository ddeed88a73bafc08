-- Arithmetic under clamp: pounds from kilograms.
-- rows: 10000
SELECT AVG(clamp(value_number * 2.20462 + 0.5, 0, 600, 2)) AS pounds
FROM observation
WHERE code = '29463-7'
