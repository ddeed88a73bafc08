-- A cast changes nothing about which values are declared: the others join `other`.
-- rows: 10000
-- duckdb: SELECT if(category = 'vital-sign', 'other', category), COUNT(*) FROM observation GROUP BY 1
SELECT CAST(category AS VARCHAR) AS category, COUNT(*) AS rows
FROM observation
GROUP BY 1
