-- Text that grows with a row fills the memory.
-- refused: not_granted: Invalid function 'repeat'.
SELECT repeat(code, 1000000), COUNT(*) FROM condition GROUP BY 1
