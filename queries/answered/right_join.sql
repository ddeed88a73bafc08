-- The right side's persons stay.
-- rows: 10000
SELECT b.sex, COUNT(a.code) AS conditions, COUNT(DISTINCT a.person_id) AS with_one,
       COUNT(DISTINCT b.person_id) AS persons
FROM condition a
RIGHT JOIN person b ON a.person_id = b.person_id AND a.code = '59621000'
GROUP BY b.sex
