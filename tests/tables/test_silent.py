"""Tables that were misread without a word (section A): each is read right, or asked about with a hint that works."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Run
from tests.tables.kit import Kind, check_hint, check_read, describe, mean, series, stamps, table, typed_flags, wave

DAY = "%Y-%m-%d"
DAYS = stamps(120, "D", DAY)
HOURS = stamps(240, "h", "%Y-%m-%d %H:%M:%S")


def successors() -> Kind:
    rows = [(("A-17", "B-03")[row >= 60], day, wave(row, 20 if row < 60 else 600)) for row, day in enumerate(DAYS)]
    means = {"A-17": mean(range(60), 20), "B-03": mean(range(60, 120), 600)}
    return Kind("1", table("sku,day,sold", rows), (2, 60, "D"), (DAYS[0], DAYS[-1]), means)


def open_days() -> Kind:
    days = [day for day in stamps(140, "D", f"{DAY} %w") if not day.endswith("0")]
    days = [day[:10] for day in days]
    means = {"": mean(range(len(days)))}
    return Kind("5", series("day,sold", days), (1, len(days), "Mon-Sat"), (days[0], days[-1]), means)


def dotted_clock() -> Kind:
    times = stamps(96, "h", "%d/%m/%Y;%H.%M.%S", "2019-05-14 07:00")
    text = table("Tag;Uhr;NO2", [(time, str(wave(row)).replace(".", ",")) for row, time in enumerate(times)], ";")
    span = ("2019-05-14 07:00:00", "2019-05-18 06:00:00")
    return Kind("6", text, (1, 96, "h"), span, {"": mean(range(96))})


def clock_without_colon() -> Kind:
    times = stamps(96, "h", "%Y%m%d,%H%M")
    return Kind(
        "7", series("Day,Clock,Level", times), (1, 96, "h"), ("2021-03-01 00:00:00", "2021-03-04 23:00:00"), ALL96
    )


def year_and_period() -> Kind:
    times = stamps(48, "MS", "%Y,M%m", "2016-01-01")
    rows = [(name, time, wave(row, level)) for name, level in LEVELS for row, time in enumerate(times)]
    means = {name: mean(range(48), level) for name, level in LEVELS}
    return Kind("8", table("Series,Year,Period,Value", rows), (2, 48, "MS"), ("2016-01-01", "2019-12-01"), means)


def months_across() -> Kind:
    rows = [(1990 + year, *(wave(12 * year + month) for month in range(12))) for year in range(20)]
    header = "Jahr,Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec"
    return Kind("9", table(header, rows), (1, 240, "MS"), ("1990-01", "2009-12"), {"": mean(range(240))})


def short_years() -> Kind:
    months = stamps(12 * 60, "MS", "%b-%y", "1955-01-01")
    return Kind("10", series("When,Index", months), (1, 720, "MS"), ("Jan-55", "Dec-14"), {"": mean(range(720))})


def closes_of_the_sixties() -> Kind:
    days = stamps(400, "B", "%m/%d/%y", "1963-02-01")
    return Kind("11", series("Day,Close", days), (1, 400, "B"), (days[0], days[-1]), {"": mean(range(400))})


def fiscal_years() -> Kind:
    years = [f"{year}-{(year + 1) % 100:02d}" for year in range(2002, 2012)]
    said = "fiscal years"
    return Kind("12", series("season,tons", years), (1, 10, "YS-JAN"), ("2002-03", "2011-12"), TENS, says=said)


def twelve_weeks() -> Kind:
    weeks = [f"2023,{week}" for week in range(1, 13)]
    return Kind(
        "13", series("Year,Week,Sold", weeks), (1, 12, "W-MON"), ("2023-01-02", "2023-03-20"), {"": mean(range(12))}
    )


def two_sentinels() -> Kind:
    rows = [(time, wave(row), -9999 if row in (50, 51) else wave(row, 3)) for row, time in enumerate(HOURS)]
    kept = [row for row in range(240) if row not in (50, 51)]
    means = {"p": mean(range(240)), "wind": mean(kept, 3)}
    return Kind("14", table("at,p,wind", rows), (2, 240, "h"), (HOURS[0], HOURS[-1]), means)


def unnamed_index() -> Kind:
    rows = [(2000 + 3 * row, day, wave(row)) for row, day in enumerate(DAYS)]
    return Kind("15 index", table("Unnamed: 0,day,sold", rows), (1, 120, "D"), (DAYS[0], DAYS[-1]), ALL120)


def constants_of_stations() -> Kind:
    rows = [
        (name, 40 + level / 7, -3.25 * level, 10 * level, day, wave(row, level), wave(row, level + 5))
        for name, level in LEVELS
        for row, day in enumerate(DAYS)
    ]
    header = "STATION,LATITUDE,LONGITUDE,ELEVATION,DATE,TMAX,TMIN"
    pairs = {(name, part): level + more for name, level in LEVELS for part, more in (("TMAX", 0), ("TMIN", 5))}
    means = {f"{name} / {part}": mean(range(120), level) for (name, part), level in pairs.items()}
    return Kind("15 constants", table(header, rows), (4, 120, "D"), (DAYS[0], DAYS[-1]), means)


def ends_early() -> Kind:
    rows = [(name, day, wave(row, level)) for name, level in LEVELS for row, day in enumerate(DAYS)]
    rows = [row for row in rows if row[0] == "north" or row[1] < "2021-05-01"]
    means = {"north": mean(range(120), 15), "south": mean(range(61), 90)}
    said = "ends well before the newest: 'south' 59 steps before it"
    return Kind("19", table("place,day,sold", rows), (2, 120, "D"), (DAYS[0], DAYS[-1]), means, says=said)


LEVELS = (("north", 15.0), ("south", 90.0))
ALL96, ALL120, TENS = {"": mean(range(96))}, {"": mean(range(120))}, {"": mean(range(10))}
READ = (
    *(successors, open_days, dotted_clock, clock_without_colon, year_and_period, months_across, short_years),
    *(closes_of_the_sixties, fiscal_years, twelve_weeks, unnamed_index, constants_of_stations, ends_early),
)


@pytest.mark.parametrize("make", READ, ids=lambda make: make().row)
def test_read(make, run: Run) -> None:
    check_read(run, make())


def test_2_sensors_that_take_turns(run: Run) -> None:
    times = [
        (name, f"2022-02-{1 + row // 24:02d} {row % 24:02d}:{minute}") for row in range(240) for name, minute in TURNS
    ]
    rows = [(time, name, wave(row, 8 if name == "loft" else 60)) for row, (name, time) in enumerate(times)]
    result = describe(run, table("taken,room,degrees", rows))
    assert result.exit_code == 65
    by_room, as_one = typed_flags(result.stderr)
    assert describe(run, table("taken,room,degrees", rows), as_one).exit_code == 0
    result = describe(run, table("taken,room,degrees", rows), by_room)
    assert '"id": "loft"' in result.stdout


TURNS = (("loft", "00"), ("hall", "30"))


def sensors_by_name() -> Kind:
    times = [f"2022-02-{1 + row // 24:02d} {row % 24:02d}:{minute}" for row in range(240) for _, minute in TURNS]
    rows = [(time, TURNS[at % 2][0], wave(at // 2, 8 + 50 * (at % 2))) for at, time in enumerate(times)]
    means = {"loft": mean(range(240), 8), "hall": mean(range(240), 58)}
    text = table("taken,sensor,degrees", rows)
    return Kind("2 by name", text, (2, 240, "h"), ("2022-02-01 00:00", "2022-02-10 23:00"), means)


def test_3_weeks_that_begin_on_other_days(run: Run) -> None:
    starts = {"x": "2021-01-04", "y": "2021-01-03", "z": "2021-01-02"}
    rows = [
        (name, day, 10 + row % 5)
        for name, start in starts.items()
        for row, day in enumerate(stamps(60, "7D", DAY, start))
    ]
    means = {name: pytest.approx(12, abs=0.2) for name in starts}
    refused = describe(run, table("shop,week,units", rows))
    assert "off the weekly grid" in refused.stderr and "different weekdays" in refused.stderr
    hint = typed_flags(refused.stderr)[0]
    assert hint == "--freq W --aggregate sum"
    read = describe(run, table("shop,week,units", rows), hint)
    assert read.exit_code == 0
    for name, expected in means.items():
        (found,) = re.findall(rf'"id": "{name}",[^}}]*?"mean": ([0-9.]+)', read.stdout)
        assert float(found) == expected


def test_4_days_without_a_row_are_observed_zeros(run: Run) -> None:
    sold = [(day, (row * 5) % 4) for row, day in enumerate(DAYS)]
    text = table("day,sold", [row for row in sold if row[1]])
    expected = {"": sum(value for _, value in sold[1:]) / 119}
    kind = Kind("4", text, (1, 119, "D"), (DAYS[1], DAYS[-1]), expected, "--fill-gaps zero", "observed zeros")
    check_read(run, kind)


def test_14_sentinels(run: Run) -> None:
    kind = two_sentinels()
    warned = describe(run, kind.text)
    assert warned.exit_code == 0 and "--missing -9999" in warned.stderr
    check_read(run, kind, "--missing -9999")


def test_14_sentinels_that_stand_often(run: Run) -> None:
    values = {time: -200 if row % 20 == 3 else wave(row) for row, time in enumerate(HOURS)}
    means = {"": mean(row for row in range(240) if row % 20 != 3)}
    kind = Kind("14", table("at,NO2", values.items()), (1, 240, "h"), (HOURS[0], HOURS[-1]), means)
    check_hint(run, kind, "the value -200 (12 times", "--missing -200")


def test_2_sensors_with_an_id_that_take_turns(run: Run) -> None:
    check_hint(run, sensors_by_name(), "off the hourly grid in 1 series", "--freq h --aggregate last")
