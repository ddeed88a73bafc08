-- Encounters belong to a person: person_id must be equated as well.
-- refused: not_private: ?
SELECT COUNT(*) FROM encounter e JOIN condition c ON c.encounter_id = e.encounter_id
