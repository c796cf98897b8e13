"""Ordinary tables that need a decision (section B): the hint, typed as it stands, reads them right."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest

from tests.conftest import Run
from tests.tables.kit import Kind, check_hint, check_read, describe, mean, series, stamps, table, typed_flags, wave

DAY = "%Y-%m-%d"
DAYS = stamps(120, "D", DAY)
SPAN = (DAYS[0], DAYS[-1])


def sold_on_some_days() -> Kind:
    sold = [(day, 2 + row % 3) for row, day in enumerate(DAYS) if row * row % 11 in (0, 3, 5)]
    means = {"": sum(value for _, value in sold) / 120}
    rows = [*sold, (DAYS[-1], 7)] if sold[-1][0] != DAYS[-1] else sold
    means = {"": sum(value for _, value in rows) / 120}
    return Kind("21", table("day,sold", rows), (1, 120, "D"), SPAN, means)


def numbered_steps() -> Kind:
    names = ",".join(f"V{number}" for number in range(2, 62))
    rows = [(name, *(wave(row, level) for row in range(60))) for name, level in (("Y1", 4), ("Y2", 60))]
    means = {"Y1": mean(range(60), 4), "Y2": mean(range(60), 60)}
    return Kind("27", table(f"V1,{names}", rows), (2, 60, "D"), ("2021-01-01", "2021-03-01"), means)


def a_few_below_one() -> Kind:
    rows = [(week, 5 + row % 9, "<1" if row % 8 == 2 else 3 + row % 4) for row, week in enumerate(WEEKS)]
    first = sum(5 + row % 9 for row in range(80)) / 80
    kept = [3 + row % 4 for row in range(80) if row % 8 != 2]
    means = {"rain": first, "snow": sum(kept) / len(kept)}
    return Kind("33", table("Week,rain,snow", rows), (2, 80, "W-SUN"), (WEEKS[0], WEEKS[-1]), means)


WEEKS = stamps(80, "7D", DAY, "2020-01-05")


def four_four_five() -> Kind:
    ends, end = [], date(2018, 1, 27)
    for period in range(48):
        ends.append(str(end))
        end += timedelta(weeks=4 if period % 3 != 1 else 5)
    last = calendar.monthrange(*map(int, ends[-1].split("-")[:2]))[1]
    span = ("2018-01-31", f"{ends[-1][:8]}{last}")
    return Kind("41 4-4-5", series("until,sold", ends), (1, 48, "ME"), span, {"": mean(range(48))})


def twice_a_month() -> Kind:
    days = [f"{year}-{month:02d}-{day:02d}" for year in (2018, 2019, 2020) for month in range(1, 13) for day in (1, 15)]
    return Kind("41 twice", series("day,paid", days), (1, 36, "MS"), (days[0], "2020-12-01"), {"": 2 * mean(range(72))})


def market_hours() -> Kind:
    days = stamps(60, "B", DAY)
    times = [f"{day} {9 + half // 2:02d}:{half % 2 * 30:02d}:00" for day in days for half in range(1, 14)]
    closes = mean(range(12, 60 * 13, 13))
    return Kind(
        "42", series("at,close", times), (1, 60, "B"), (f"{days[0]} 00:00:00", f"{days[-1]} 00:00:00"), {"": closes}
    )


def calls_in_opening_hours() -> Kind:
    days = stamps(60, "B", DAY)
    times = [f"{day} {9 + part // 4:02d}:{part % 4 * 15:02d}:00" for day in days for part in range(32)]
    calls = [3 + row % 32 % 5 for row in range(len(times))]
    steps = 24 * 4 * 81 + 32
    span = (f"{days[0]} 09:00:00", f"{days[-1]} 16:45:00")
    rows = list(zip(times, calls, strict=True))
    return Kind("42 calls", table("at,calls", rows), (1, steps, "15min"), span, {"": sum(calls) / steps})


def mostly_empty_minutes() -> Kind:
    times = stamps(1500, "min", "%Y-%m-%d %H:%M:%S")
    rows = [(time, wave(row) if row % 5 == 0 or row % 19 == 7 else "") for row, time in enumerate(times)]
    last = [max(row for row in range(start, start + 5) if row % 5 == 0 or row % 19 == 7) for start in range(0, 1500, 5)]
    return Kind("43", table("at,price", rows), (1, 300, "5min"), (times[0], times[-5]), {"": mean(last)})


def orders(day_format: str = DAY) -> tuple[str, float]:
    """Lines of orders of 24 months, and their mean month."""
    lines = [
        (day, f"O-{row // 2}", 1 + row % 6) for row, day in enumerate(stamps(1462, "12h", day_format, "2019-01-01"))
    ]
    return table("day,order_no,quantity", lines), sum(line[2] for line in lines) / 24


ASKED = (
    (sold_on_some_days(), "", "--freq D --fill-gaps zero"),
    (numbered_steps(), "no column holds dates", "--start 2021-01-01 --freq D"),
    (a_few_below_one(), "'<1' is not a finite number", "--missing '<1'"),
    (four_four_five(), "off the 4-week grid", "--freq ME --aggregate sum"),
    (twice_a_month(), "off the 2-week grid", "--freq MS --aggregate sum"),
    (market_hours(), "are missing between the first and the last time", "--freq B --aggregate last"),
    (calls_in_opening_hours(), "are missing between the first and the last time", "--fill-gaps zero"),
    (mostly_empty_minutes(), "are missing between the first and the last time", "--freq 5min --aggregate last"),
)


@pytest.mark.parametrize(("kind", "message", "hint"), ASKED, ids=lambda value: getattr(value, "row", ""))
def test_hint(kind: Kind, message: str, hint: str, run: Run) -> None:
    check_hint(run, kind, message, hint)


def test_46_aggregate_is_enough_for_many_rows_a_time(run: Run) -> None:
    text, month = orders()
    kind = Kind("46", text, (1, 24, "MS"), ("2019-01-01", "2020-12-01"), {"": month})
    check_read(run, kind, "--freq MS --aggregate sum --target-col quantity")


def test_21_the_hint_for_orders(run: Run) -> None:
    text = table("day,item,quantity", [(DAYS[row * 7 % 120], f"A-{row}", 1 + row % 4) for row in range(160)])
    refused = describe(run, text)
    assert refused.exit_code == 65
    assert any(flags.startswith("--freq D --aggregate sum") for flags in typed_flags(refused.stderr))


def test_23_days_of_46_and_50_half_hours(run: Run) -> None:
    per_day = dict.fromkeys(stamps(230, "D", DAY, "2021-03-20"), 48)
    per_day |= {"2021-03-28": 46, "2021-10-31": 50}
    rows = [(day, period) for day, count in per_day.items() for period in range(1, count + 1)]
    read = describe(run, table("DAY,PERIOD,demand", [(*row, wave(number)) for number, row in enumerate(rows)]))
    assert read.exit_code == 0
    assert f'"rows": {len(rows)}' in read.stdout


def test_32_two_clocks(run: Run) -> None:
    quarters = [
        (f"{hour:02d}:{minute:02d}", f"{hour:02d}:{minute + 14:02d}")
        for hour in range(24)
        for minute in (0, 15, 30, 45)
    ]
    rows = [("Usage", day, *clock, wave(row, 1)) for day in DAYS[:9] for row, clock in enumerate(quarters)]
    text = "Name,A N OTHER\nStreet,2 SIDE RD\n\n" + table("KIND,DATE,FROM,TO,USED", rows)
    span = ("2021-03-01 00:00:00", "2021-03-09 23:45:00")
    check_read(run, Kind("32", text, (1, 864, "15min"), span, {"": mean(range(96), 1)}))
