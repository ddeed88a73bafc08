-- Computing with released numbers is free, but not here yet.
-- refused: not_private: `count(Int64(1)) AS count(*) * Int64(2)` computes with released numbers, which is not offered yet; instead: ask for the numbers themselves: computing with them afterwards is free
SELECT COUNT(*) * 2 FROM person
