-- Mean length of a stay in hospital in hours, stays over thirty days counted as thirty days.
-- rows: 5
SELECT AVG(clamp(length_hours, 0, 720)) AS hours, COUNT(*) AS stays
FROM encounter
WHERE class = 'IMP'
