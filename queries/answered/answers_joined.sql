-- Two answers side by side, joined on their keys: each is a release, and they share the epsilon.
-- rows: 10000
WITH people AS (
    SELECT sex, COUNT(DISTINCT person_id) AS persons FROM person GROUP BY sex
), seen AS (
    SELECT p.sex, COUNT(*) AS visits
    FROM encounter e JOIN person p ON p.person_id = e.person_id
    GROUP BY p.sex
)
SELECT people.sex, persons, visits, 1.0 * visits / persons AS visits_a_person
FROM people JOIN seen ON people.sex = seen.sex
ORDER BY people.sex
