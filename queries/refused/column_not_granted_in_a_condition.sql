-- Nor may it be looked at.
-- granted: person(sex, birth_year), condition(code)
-- refused: not_granted: No field named clinical_status.
SELECT COUNT(*) FROM condition WHERE clinical_status = 'active'
