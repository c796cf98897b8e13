"""Rules 57 to 72: repeated times, orders, date formats, zones, clock changes and steps."""

from __future__ import annotations

import datetime as dt

from tests.io.reading.reading_rules.kit import DAYS, VALUES, Case, Read, Refused, daily, day_list, hours, table
from tests.io.reading.reading_rules.kit import with_line as line

ROWS = list(zip(DAYS, VALUES, strict=True))
PARIS = {"tz": "Europe/Paris"}
EPOCH = int(dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp())
SERIAL = 45292  # 2024-01-01 in a spreadsheet


def dated(*stamps: object) -> bytes:
    """The usual values at other times."""
    return table(zip(stamps, VALUES, strict=False))


def epochs(unit: int) -> bytes:
    return dated(*[(EPOCH + 86400 * step) * unit for step in range(8)])


def odd_day(text: str, row: int = 4) -> bytes:
    """The usual table with another date in a row, counted from 0: that row stands in line row + 2."""
    return dated(*DAYS[:row], text, *DAYS[row + 1 :])


def local(day: str, *clock: str) -> bytes:
    return dated(*[f"{day} {time}" for time in clock])


def utc_hours(first: str, count: int) -> list[str]:
    start = dt.datetime.fromisoformat(first)
    return [(start + dt.timedelta(hours=step)).strftime("%Y-%m-%dT%H:%M") for step in range(count)]


def quarters(shape: str) -> list[str]:
    return [shape.format(year=2022 + step // 4, quarter=step % 4 + 1) for step in range(8)]


QUARTERS = [f"{2022 + step // 4}-{step % 4 * 3 + 1:02d}-01" for step in range(8)]
MONTHS = ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30"]
SPRING = "2024-03-31"
AUTUMN = "2024-10-27"
WORKDAYS = [day for day in day_list(14) if dt.date.fromisoformat(day).weekday() < 5]

CASES = [
    Case(57, "equal rows", line("2024-01-03,4.0", 5), Read(notes=("1 row is an exact copy",))),
    Case(
        57, "equal rows, first", line("2024-01-03,4.0", 5), Read(notes=("1 row repeated",)), {"on_duplicate": "first"}
    ),
    Case(58, "two values", line("2024-01-03,9", 5), Refused("'2024-01-03' stands in line 4", 5, "ds", "--on-dup")),
    Case(
        58,
        "two values, mean",
        line("2024-01-03,8", 5),
        Read([[1.5, 2.5, 6, *VALUES[3:]]], notes=("mean is used",)),
        {"on_duplicate": "mean"},
    ),
    Case(
        58,
        "two values, last",
        line("2024-01-03,9", 5),
        Read([[1.5, 2.5, 9, *VALUES[3:]]], notes=("last",)),
        {"on_duplicate": "last"},
    ),
    Case(58, "far apart", line("2024-01-02,9", 10), Refused("'2024-01-02' stands in line 3", 10, "ds")),
    Case(59, "newest first", table(ROWS[::-1]), Read(notes=("sorted",))),
    Case(59, "two rows swapped", table([*ROWS[:2], ROWS[3], ROWS[2], *ROWS[4:]]), Read(notes=("sorted",))),
    Case(60, "another format", odd_day("05.01.2024"), Refused("'05.01.2024' is written otherwise", 6, "ds")),
    Case(60, "another order", odd_day("2024/01/05"), Refused("'2024/01/05' is written otherwise", 6, "ds")),
    Case(60, "text", odd_day("the 5th"), Refused("'the 5th' is not a date", 6, "ds")),
    Case(
        61, "ambiguous", dated(*[f"0{day}/01/2024" for day in range(1, 9)]), Refused("01/01/2024", 2, "ds", "--date-f")
    ),
    Case(
        61, "ambiguous, named", dated(*[f"0{day}/01/2024" for day in range(1, 9)]), Read(), {"date_format": "%d/%m/%Y"}
    ),
    Case(
        61,
        "month first, named",
        dated(*[f"01/0{day}/2024" for day in range(1, 9)]),
        Read(),
        {"date_format": "%m/%d/%Y"},
    ),
    Case(
        62,
        "one day above 12",
        dated(*[f"{day}/01/2024" for day in range(9, 17)]),
        Read(stamps=day_list(8, 8), notes=("%d/%m/%Y",)),
    ),
    Case(
        62,
        "one day above 12, month first",
        dated(*[f"01/{day:02d}/2024" for day in range(9, 17)]),
        Read(stamps=day_list(8, 8), notes=("%m/%d/%Y",)),
    ),
    Case(62, "both parts above 12", dated("13/01/2024", "01/14/2024", "15/01/2024"), Refused("is not a date", None)),
    Case(
        63,
        "two offsets",
        dated(f"{SPRING}T00:00+01:00", f"{SPRING}T01:00+01:00", f"{SPRING}T03:00+02:00"),
        Read([VALUES[:3]], stamps=utc_hours("2024-03-30T23:00", 3), notes=("offset",)),
    ),
    Case(
        63,
        "two offsets and a zone",
        dated(f"{SPRING}T00:00+01:00", f"{SPRING}T01:00+01:00", f"{SPRING}T03:00+02:00"),
        Read([VALUES[:3]], stamps=utc_hours("2024-03-30T23:00", 3), silent=True),
        PARIS,
    ),
    Case(64, "one without an offset", dated(*hours(4, "Z"), hours(1, first=4)[0]), Refused("offset", 6, "ds")),
    Case(64, "one with an offset", dated(*hours(4), *hours(1, "+01:00", 4)), Refused("offset", 6, "ds")),
    Case(
        65,
        "an hour that is not",
        local(SPRING, "00:30", "01:30", "02:30", "03:30"),
        Refused("02:30", 4, "ds", hint="."),
        PARIS,
    ),
    Case(
        65,
        "the same without a zone",
        local(SPRING, "00:30", "01:30", "02:30", "03:30"),
        Read([VALUES[:4]], stamps=[f"{SPRING}T0{hour}:30" for hour in range(4)]),
    ),
    Case(
        65,
        "the hour left out",
        local(SPRING, "00:00", "01:00", "03:00", "04:00"),
        Read([VALUES[:4]], stamps=utc_hours("2024-03-30T23:00", 4), silent=True),
        PARIS,
    ),
    Case(
        66,
        "an hour twice",
        local(AUTUMN, "01:00", "02:00", "02:00", "03:00"),
        Refused("02:00", 3, "ds", hint="--ambiguous|offset"),
        PARIS,
    ),
    Case(
        66,
        "an hour once, of two",
        local(AUTUMN, "01:00", "02:00", "03:00"),
        Refused("02:00", 3, "ds", hint="--ambiguous|offset"),
        PARIS,
    ),
    Case(
        66,
        "with offsets",
        dated(f"{AUTUMN}T02:00+02:00", f"{AUTUMN}T02:00+01:00", f"{AUTUMN}T03:00+01:00"),
        Read([VALUES[:3]], stamps=utc_hours("2024-10-27T00:00", 3)),
        PARIS,
    ),
    Case(
        66,
        "the two in their order",
        local(AUTUMN, "01:00", "02:00", "02:00", "03:00"),
        Read([VALUES[:4]], stamps=utc_hours("2024-10-26T23:00", 4)),
        {**PARIS, "ambiguous": "infer"},
    ),
    Case(
        66,
        "the first of two",
        local(AUTUMN, "00:00", "01:00", "02:00"),
        Read([VALUES[:3]], stamps=utc_hours("2024-10-26T22:00", 3)),
        {**PARIS, "ambiguous": "first"},
    ),
    Case(67, "seconds", epochs(1), Read(notes=(r"\bseconds",)), {}),
    Case(67, "milliseconds", epochs(1000), Read(notes=("milliseconds",)), {}),
    Case(67, "microseconds", epochs(10**6), Read(notes=("microseconds",)), {}),
    Case(67, "nanoseconds", epochs(10**9), Read(notes=("nanoseconds",)), {}),
    Case(
        68,
        "serial days",
        dated(*range(SERIAL, SERIAL + 8)),
        Refused("", hint="--date-format excel"),
        {"time_col": "ds"},
    ),
    Case(68, "serial days, named", dated(*range(SERIAL, SERIAL + 8)), Read(), {"date_format": "excel"}),
    Case(69, "whole numbers", dated(*[day.replace("-", "") for day in DAYS]), Read(notes=("read as dates",))),
    Case(
        69,
        "whole numbers in the column of the times",
        dated(*[day.replace("-", "") for day in DAYS]),
        Read(notes=("read as dates",)),
        {"time_col": "ds"},
    ),
    Case(70, "30 February", odd_day("2024-02-30"), Refused("'2024-02-30' is not a date", 6, "ds")),
    Case(70, "29 February of a common year", odd_day("2023-02-29"), Refused("'2023-02-29' is not a date", 6, "ds")),
    Case(70, "24:00", local("2024-01-01", "22:00", "23:00", "24:30"), Refused("24:30' is not a date", 4, "ds")),
    Case(70, "year 1", odd_day("0001-01-05"), Refused("year|0001-01-05", 6, "ds")),
    Case(70, "year 9999", odd_day("9999-12-31"), Refused("year", 6, "ds")),
    Case(71, "leap day", daily(*[1.5, 2, 4], first=58), Read([[1.5, 2, 4]], stamps=day_list(3, 58), silent=True)),
    Case(
        71,
        "no leap day",
        dated("2023-02-27", "2023-02-28", "2023-03-01"),
        Read([VALUES[:3]], stamps=["2023-02-27", "2023-02-28", "2023-03-01"], silent=True),
    ),
    Case(71, "ends of months", dated(*MONTHS), Read([VALUES[:6]], stamps=MONTHS, silent=True)),
    Case(71, "quarters", dated(*quarters("{year}Q{quarter}")), Read(stamps=QUARTERS, silent=True)),
    Case(71, "quarters with a dash", dated(*quarters("{year}-Q{quarter}")), Read(stamps=QUARTERS, silent=True)),
    Case(71, "weeks", dated(*day_list(56)[::7]), Read(stamps=day_list(56)[::7], silent=True)),
    Case(
        71,
        "years",
        dated(*range(2010, 2018)).replace(b"ds", b"year"),
        Read(stamps=[f"{year}-01-01" for year in range(2010, 2018)]),
    ),
    Case(
        72,
        "no regular step",
        dated(*[day_list(60)[step * step] for step in range(7)]),
        Refused("no regular frequency|[0-9] of [0-9]+ (steps|stamps)", column="ds"),
    ),
    Case(
        72,
        "a stamp off the grid",
        dated(*hours(5), "2024-01-01 05:20", "2024-01-01 06:00"),
        Refused("1 of [67] (stamp|step)", 7, "ds"),
    ),
    Case(72, "business days", dated(*WORKDAYS), Read(stamps=WORKDAYS[:8], silent=True)),
    Case(72, "business days, named", dated(*WORKDAYS), Read(stamps=WORKDAYS[:8]), {"freq": "B"}),
    Case(
        72,
        "filled with zero",
        table([row for row in ROWS if row[0] != DAYS[3]]),
        Read([[*VALUES[:3], 0.0, *VALUES[4:]]], notes=("observed zeros",)),
        {"fill_gaps": "zero"},
    ),
]
