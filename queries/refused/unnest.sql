-- UNNEST is not offered on records.
-- refused: not_granted: This feature is not implemented: Could not plan array literal. Hint: Please try with `nested_expressions` DataFusion feature enabled
SELECT COUNT(*) FROM person, UNNEST(ARRAY[1, 2]) t
