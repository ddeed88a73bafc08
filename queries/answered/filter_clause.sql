-- FILTER counts, adds up and averages some of the rows; its persons stand behind the number.
-- rows: 10000
SELECT p.sex,
    COUNT(*) AS conditions,
    COUNT(*) FILTER (WHERE c.clinical_status = 'active') AS active,
    COUNT(DISTINCT c.person_id) FILTER (WHERE c.clinical_status = 'active') AS persons,
    COUNT(c.code) FILTER (WHERE p.birth_year < 1960) AS of_the_old,
    SUM(clamp(p.birth_year, 1900, 2030, 0)) FILTER (WHERE p.birth_year < 1960) AS years,
    AVG(clamp(p.birth_year, 1900, 2030, 0)) FILTER (WHERE c.clinical_status = 'active') AS mean
FROM condition c
JOIN person p ON p.person_id = c.person_id
GROUP BY p.sex
