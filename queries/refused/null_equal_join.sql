-- NULL is nobody, so nobody is equal to nobody.
-- refused: not_private: ?
SELECT COUNT(*) FROM person a JOIN person b ON a.person_id IS NOT DISTINCT FROM b.person_id
