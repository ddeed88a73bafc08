-- IN, LIKE, COALESCE, LOWER and NOT over codes.
-- rows: 10000
-- groups: 100
SELECT COALESCE(clinical_status, 'none') AS status, COUNT(*) AS rows
FROM condition
WHERE code LIKE '1%' AND NOT code IN ('162864005', '15777000')
  AND (lower(code_system) LIKE '%snomed%' OR code_system IS NULL)
GROUP BY COALESCE(clinical_status, 'none')
