-- A part that days do not have fails in the same way.
-- refused: not_private: days have no part Utf8("TIMEZONE"); instead: date_part offers year, quarter, month, week, day, dow, doy
SELECT COUNT(*) FROM encounter
WHERE CASE WHEN class = 'EMER' THEN extract(timezone FROM start_date) > 1 ELSE true END
