-- What hospitals claim in euro by year, and how often; a claim over 20,000 counts as 20,000.
-- rows: 5
-- groups: 3
SELECT date_part('year', start_date) AS year,
       COUNT(*) AS claims, SUM(clamp(total_amount, 0, 20000)) AS euro
FROM claim
WHERE currency = 'EUR'
GROUP BY date_part('year', start_date)
ORDER BY year
