-- The smallest pseudonym of a person's records is a pseudonym.
-- refused: not_private: `condition.encounter_id` is a pseudonym: it can be counted, nothing more
SELECT COUNT(*) FROM (
    SELECT person_id, MIN(encounter_id) AS first FROM condition GROUP BY person_id
) AS t WHERE first > 5
