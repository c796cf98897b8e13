"""Time stamps: the format a column is written in (formats, parse), its zone (zones), and the clock that the steps are
counted on (clock). Data frames hold typed stamps (datetimes). A stamp is a datetime64[us], in UTC or on a wall clock;
`Schema` keeps the formats and the zone to write it back.
"""
