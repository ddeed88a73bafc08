-- A fault that depends on a row is an answer without noise: no part of a date may be unknown.
-- refused: not_private: days have no part Utf8("nonsense"); instead: date_part offers year, quarter, month, week, day, dow, doy
SELECT COUNT(*) FROM encounter
WHERE CASE WHEN class = 'EMER' THEN date_part('nonsense', start_date) > 1 ELSE true END
