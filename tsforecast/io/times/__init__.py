"""Time stamps: the format a column is written in (formats, candidates, parse), its zone (zones), and the clock that the
steps are counted on (clock). What people write beside plain dates has a file each: months, weekdays, periods,
decimal_years, counts, zone_marks, and far_years for those that pandas 2 does not know; what looks like a date and is in
no known format, guess. Data frames hold typed stamps (datetimes). A stamp is a datetime64[us], in UTC or on a wall
clock; `Schema` keeps the formats and the zone to write it back.
"""
