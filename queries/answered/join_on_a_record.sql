-- Within one encounter: record pseudonyms may be joined on, together with the person.
-- rows: 10000
SELECT e.class, COUNT(DISTINCT e.person_id) AS persons, COUNT(*) AS conditions
FROM encounter e
JOIN condition c ON c.person_id = e.person_id AND c.encounter_id = e.encounter_id
GROUP BY e.class
