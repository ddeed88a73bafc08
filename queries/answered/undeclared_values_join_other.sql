-- A value outside the declared set is never shown: it joins `other`.
-- rows: 10000
-- duckdb: SELECT if(category = 'vital-sign', 'other', category), COUNT(*) FROM observation GROUP BY 1
SELECT category, COUNT(*) AS rows
FROM observation
GROUP BY category
