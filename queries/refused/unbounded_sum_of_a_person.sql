-- Each person's sum is of whole units, which bounds resolve.
-- refused: unbounded: `observation.value_number * observation.value_number` has no bounds, so it cannot be added up in whole units; instead: clamp(observation.value_number * observation.value_number, low, high)
SELECT AVG(clamp(total, 0, 100)) FROM (
    SELECT person_id, SUM(value_number * value_number) AS total FROM observation GROUP BY person_id
) AS t
