"""Names of columns that are times: dates, the months of a year, the times of a day, or numbered steps."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.times.formats import formats_of, is_stamp_like, shapes
from tsforecast.series.frequency import DAY, HOUR, MINUTE

FEWEST_DATES, _FEWEST_OF_A_MEASURE, _FEWEST_STEPS = 3, 4, 4
_FIRST_YEAR, _LAST_YEAR = 1700, 2200
_YEAR_TAG = re.compile(r"(\d{4})\s*\[YR\d{4}\]")
_MANGLED = re.compile(r"(?:X|Y|YR|FY)(\d{4}(?:[.\-_]\d{2}){0,2})")
_YEAR_OR_MONTH = r"(\d{4})(?:[\s_.\-](0[1-9]|1[0-2]))?"
_MEASURE = re.compile(rf"(.*?[^\W\d_])[\s_.\-]*{_YEAR_OR_MONTH}|{_YEAR_OR_MONTH}[\s_.\-]*([^\W\d_].*)")
_TIME_WORDS = frozenset({"year", "years", "yr", "y", "cy", "fy", "month", "date", "period", "time", "x"})
_NUMBERED = re.compile(r"(.*?)[\s_.\-]*(\d{1,4})")
_CLOCK = re.compile(r"[A-Za-z_ ]*?(\d{1,2})[:.h](\d{2})(?::00)?(?:\s*(?:-|to)\s*\d{1,2}[:.h]\d{2}(?::00)?)?")
_MONTHS = {"sept": 9} | {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}
_MONTH_NUMBER = re.compile(r"(?:m|month|month_)?(0?[1-9]|1[0-2])")
_QUARTER = re.compile(r"(?:q|qtr|quarter)\s?([1-4])|([1-4])q")
_PARTS_OF_DAY = (24, 48, 96, 144, 288)
_DAY_WORDS = frozenset(
    {"h", "hh", "hr", "hrs", "hour", "hours", "he", "hourending", "hora", "std", "stunde", "heure", "ora", "uur"}
) | {"sp", "period", "interval", "settlementperiod", "qh", "halfhour", "slot"}


@dataclass(frozen=True)
class Across:
    """Columns whose names are times.

    Args:
        names: of the columns, in file order.
        kind: of the times.
        texts: the names as dates, for `dates`.
        numbers: months or quarters of a year, microseconds after midnight, or steps, shape (names,).
        sure: whether the names alone tell, beside dates in the rows.
        counted_from: number of the first part of the day; None for clock times.
        measure: what the columns hold, where their names say it beside the times.
    """

    names: tuple[str, ...]
    kind: Literal["dates", "months", "quarters", "day", "steps"]
    texts: tuple[str, ...] = ()
    numbers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    sure: bool = True
    counted_from: int | None = None
    measure: str = ""


def plain_date(name: str) -> str:
    """A name without what stands round a year in it: `1960 [YR1960]`, `X1960`, `X2020.01.31`."""
    if found := _YEAR_TAG.fullmatch(name):
        return found[1]
    if found := _MANGLED.fullmatch(name):
        return re.sub(r"[._]", "-", found[1])
    return name


def dates_across(names: Sequence[str]) -> Across | None:
    """The columns that are named by dates written in one way; None for fewer than three."""
    texts = [plain_date(name.strip()) for name in names]
    groups: dict[tuple[str, ...], list[int]] = {}
    for position, (text, shape) in enumerate(zip(texts, shapes(texts), strict=True)):
        formats = formats_of(shape)
        year = text.isdigit() and _FIRST_YEAR <= int(text[:4]) <= _LAST_YEAR
        if formats and (year or is_stamp_like(text)):
            groups.setdefault(formats, []).append(position)
    most = max(groups.values(), key=len, default=[])
    chosen = tuple(texts[position] for position in most)
    if len(most) < FEWEST_DATES or len(set(chosen)) < len(chosen):
        return None
    return Across(tuple(names[position] for position in most), "dates", chosen)


def measures_across(names: Sequence[str]) -> list[Across]:
    """Columns that are named by what they hold and a year or a month, such as `sales_2019` or `2019-01 sales`.

    Returns:
        The columns of each measure, of those that have the same times as the longest one; empty where there are fewer
        than four, where they lie at uneven steps, or where their numbers are no years in other columns.
    """
    found: dict[str, dict[str, str]] = {}
    numbered = set()
    for name in names:
        if (match := _MEASURE.fullmatch(name.strip())) and _FIRST_YEAR <= int(match[2] or match[4]) <= _LAST_YEAR:
            before, year, month, other_year, other_month, after = match.groups()
            text = "-".join(part for part in (year or other_year, month or other_month) if part)
            found.setdefault(before or after, {}).setdefault(text, name)
        elif counted := _NUMBERED.fullmatch(name.strip()):
            numbered.add(counted[1])
    even = {name: of_time for name, of_time in found.items() if name not in numbered and _are_even(tuple(of_time))}
    longest = max(even.values(), key=len, default={})
    times = tuple(longest)
    return [
        Across(
            tuple(of_time[time] for time in times), "dates", times, measure="" if name.lower() in _TIME_WORDS else name
        )
        for name, of_time in even.items()
        if of_time.keys() == longest.keys() and len(times) >= _FEWEST_OF_A_MEASURE
    ]


def _are_even(texts: Sequence[str]) -> bool:
    """Whether years, or months of years, follow one another by one step."""
    if len({len(text) for text in texts}) > 1:
        return False
    steps = np.diff([12 * int(text[:4]) + int(text[5:] or 0) for text in texts])
    return bool(steps.size and steps[0] and np.all(steps == steps[0]))


def parts_of_year(names: Sequence[str]) -> Across | None:
    """The twelve months or four quarters among some columns; None where they are not complete."""
    months = {name: number for name in names if (number := _month(name.strip().lower().rstrip(".")))}
    if {"0", "00", "13"} & {name.strip() for name in names}:
        months = {}  # numbers that go on are steps
    if sorted(months.values()) == list(range(1, 13)):
        return Across(tuple(months), "months", numbers=np.array(list(months.values())))
    quarters = {
        name: int(found[1] or found[2]) for name in names if (found := _QUARTER.fullmatch(name.strip().lower()))
    }
    if sorted(quarters.values()) == [1, 2, 3, 4]:
        return Across(tuple(quarters), "quarters", numbers=np.array(list(quarters.values())))
    return None


def _month(name: str) -> int | None:
    if name in _MONTHS:
        return _MONTHS[name]
    found = _MONTH_NUMBER.fullmatch(name)
    return int(found[1]) if found else None


def parts_of_day(names: Sequence[str]) -> Across | None:
    """The hours, half or quarter hours of a day among some columns; None where they are not complete."""
    clocks = {
        name: int(found[1]) * HOUR + int(found[2]) * MINUTE
        for name in names
        if (found := _CLOCK.fullmatch(name.strip()))
    }
    if not clocks:
        whole = {name: int(name) for name in names if re.fullmatch(r"\d{4}", name.strip())}
        clocks = {name: number // 100 * HOUR + number % 100 * MINUTE for name, number in whole.items()}
    if len(clocks) in _PARTS_OF_DAY:
        numbers = np.array(list(clocks.values()), dtype=np.int64)
        # A clock of midnight that stands last is the end of the day.
        if numbers[-1] == 0:
            numbers[-1] = DAY
        if np.all(np.diff(numbers) == DAY // len(clocks)) and 0 <= numbers[0] <= DAY // len(clocks):
            return Across(tuple(clocks), "day", numbers=numbers)
    for prefix, run in _runs(names).items():
        first = run[0][0]
        if len(run) in _PARTS_OF_DAY and first in (0, 1):
            word = re.sub(r"[^a-z]", "", prefix.lower())
            sure = word in _DAY_WORDS or (not word and first == 0)
            known = sure or not word
            if known:
                numbers = np.arange(len(run), dtype=np.int64) * (DAY // len(run))
                return Across(tuple(name for _, name in run), "day", (), numbers, sure, first)
    return None


def steps_across(names: Sequence[str]) -> Across | None:
    """The longest run of columns that are numbered one after the other, as `d_1`, `d_2`; None for a short one."""
    runs = _runs(names).values()
    run = max(runs, key=len, default=[])
    if len(run) < _FEWEST_STEPS or run[0][0] > 2:
        return None
    return Across(tuple(name for _, name in run), "steps", numbers=np.array([number for number, _ in run]))


def same_parts(names: Sequence[str], across: Across) -> frozenset[str]:
    """Other columns numbered as these are, such as the flags `V01` beside the values `H01`."""
    others = [name for name in names if name not in across.names]
    return frozenset(name for run in _runs(others).values() if len(run) == len(across.names) for _, name in run)


def _runs(names: Sequence[str]) -> dict[str, list[tuple[int, str]]]:
    """By what stands before the number: columns whose numbers rise by one from each to the next."""
    runs: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if found := _NUMBERED.fullmatch(name.strip()):
            run = runs.setdefault(found[1], [])
            if not run or int(found[2]) == run[-1][0] + 1:
                run.append((int(found[2]), name))
    return runs


def names_times(cells: Sequence[str]) -> bool:
    """Whether the cells of a first line hold at least three dates or years one after the other, as a header may."""
    across = dates_across(cells)
    if across is None:
        return False
    if all(text.isdigit() and len(text) == 4 for text in across.texts):
        steps = np.diff(np.array([int(text) for text in across.texts]))
        return bool(np.all(steps == steps[0]) and steps[0] != 0)
    return True
