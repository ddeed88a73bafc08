-- Arithmetic with days is not offered yet.
-- refused: not_granted: the types in it do not fit
SELECT COUNT(*) FROM encounter WHERE start_date - DATE '2020-01-01' > INTERVAL '3 days'
