-- Median and percentiles, among values a unit apart.
-- rows: 10000
-- duckdb: SELECT quantile_disc(clamp(value_number, 0, 400, 0), 0.5), quantile_disc(clamp(value_number, 0, 400, 0), 0.9), quantile_disc(clamp(value_number, 0, 400, 0), 0.9) FROM observation WHERE code = '8480-6'
SELECT MEDIAN(clamp(value_number, 0, 400, 0)) AS half,
       APPROX_PERCENTILE_CONT(clamp(value_number, 0, 400, 0), 0.9) AS most,
       APPROX_PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY clamp(value_number, 0, 400, 0)) AS again
FROM observation
WHERE code = '8480-6'
