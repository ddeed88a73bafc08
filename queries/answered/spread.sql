-- Variance and standard deviation, of a population and of a sample.
-- rows: 10000
SELECT code, VAR_POP(clamp(value_number, 0, 200, 1)) AS variance,
       VAR_SAMP(clamp(value_number, 0, 200, 1)) AS of_sample,
       STDDEV_POP(clamp(value_number, 0, 200, 1)) AS deviation,
       STDDEV(clamp(value_number, 0, 200, 1)) AS deviation_of_sample
FROM observation
WHERE code IN ('8480-6', '8462-4')
GROUP BY code
