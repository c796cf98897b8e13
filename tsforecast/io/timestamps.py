"""Time stamps: from texts to datetime64. stamp_texts.py is the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.frequency import HOUR, MINUTE, Frequency, Stamps
from tsforecast.io.cells import Cells
from tsforecast.io.notes import Note, counted, warning
from tsforecast.io.places import Place
from tsforecast.io.time_formats import COMPACT_DAY, ISO, YEAR, formats_of, has_offset, iso_format, shapes
from tsforecast.io.zones import UTC, find_zone, offset_name, to_instants
from tsforecast.series import Schema

FIRST_YEAR, LAST_YEAR = 1700, 2200
_TRIAL_TEXTS = 1000
_OFFSET = re.compile(r" ?(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2})?)$")


@dataclass(frozen=True)
class ParsedStamps:
    """A time column, each distinct text of it read once.

    Args:
        codes: number of each row's text, in the order of first appearance, int32, shape (rows,).
        wall: the clock as written in each text, datetime64[us], shape (texts,).
        instants: the same in UTC where offsets were written, else None.
        time_format: strftime format they were written in; `%q` is the quarter, `%:z` an offset such as `+05:30`.
        time_zone: zone of the offsets; None without offsets, and where they differ.
        notes: what was assumed.
    """

    codes: NDArray[np.int32]
    wall: Stamps
    instants: Stamps | None
    time_format: str
    time_zone: str | None = None
    notes: tuple[Note, ...] = ()

    @property
    def key(self) -> Stamps:
        """Instants where they are known, else the wall clock: what tells times apart and orders them."""
        return self.wall if self.instants is None else self.instants

    @property
    def whole_numbers(self) -> bool:
        """Whether the stamps were written as whole numbers, such as 2024 or 20240131."""
        return self.time_format in (YEAR, COMPACT_DAY)


@dataclass(frozen=True)
class _Distinct:
    """The distinct texts of a column without blanks round them, and their shapes."""

    cells: Cells
    texts: list[str]
    shapes: list[str]
    place: Place

    def error(self, index: int, message: str, hint: str = "") -> DataError:
        """An error about the first row that holds a text."""
        return self.place.error(self.cells.first_row(index), message, hint)


def parse_stamps(
    cells: Cells, place: Place, *, date_format: str | None = None, known_format: str | None = None
) -> ParsedStamps:
    """Read a column of dates or times, all written in one way.

    Args:
        cells: texts, shape (rows,).
        place: where they stand.
        date_format: the strftime format to use, None to find it.
        known_format: the format to take where several fit, such as that of the data a model was fitted on.

    Raises:
        DataError: the first row that is not a date, is written otherwise than the rest, mixes stamps with and without
            an offset, or lies outside the years 1700 to 2200; or an order of day and month that cannot be told.
        OptionError: `date_format` is not a strftime format without an offset.
    """
    stripped = [text.strip() for text in cells.texts]
    distinct = _Distinct(cells, stripped, shapes(stripped), place)
    formats = (date_format,) if date_format else _candidates(distinct)
    parsed = _parse_iso(distinct) if formats == (ISO,) else _parse_formats(distinct, formats, known_format)
    years = parsed.wall.astype("datetime64[Y]").astype(np.int64) + 1970
    outside = np.flatnonzero((years < FIRST_YEAR) | (years > LAST_YEAR))
    if outside.size:
        text = cells.texts[outside[0]]
        raise distinct.error(int(outside[0]), f"the year of '{text}' is not within {FIRST_YEAR} to {LAST_YEAR}")
    return parsed


def _candidates(distinct: _Distinct) -> tuple[str, ...]:
    """The formats that the shapes of all texts allow."""
    first_of_shape = dict(zip(reversed(distinct.shapes), reversed(range(len(distinct.shapes))), strict=True))
    first: dict[tuple[str, ...], int] = {}
    for shape, index in sorted(first_of_shape.items(), key=lambda entry: entry[1]):
        first.setdefault(formats_of(shape), index)
    if () in first:
        text = distinct.texts[first[()]]
        known = [index for formats, index in first.items() if formats]
        hint = "write dates such as 2024-01-31, or give their format with --date-format"
        if known:
            hint = f"write it like '{distinct.texts[known[0]]}'"
        raise distinct.error(first[()], f"'{text}' is not a date" if text else "the time is missing", hint)
    padded_and_not = [formats for formats in first if formats[0].startswith("%Y-%m-%d")]
    if len(first) == 2 and (ISO,) in first and padded_and_not:
        return padded_and_not[0]
    if len(first) > 1:
        odd = list(first.values())[1]
        raise distinct.error(
            odd,
            f"'{distinct.texts[odd]}' is written otherwise than '{distinct.texts[0]}'",
            hint="write all dates in one way, such as YYYY-MM-DD",
        )
    return next(iter(first))


def _parse_formats(distinct: _Distinct, formats: tuple[str, ...], known_format: str | None) -> ParsedStamps:
    """Dates in the one format that fits every row."""
    trial = distinct.texts[:_TRIAL_TEXTS]
    failures = {text: int(np.isnat(stamps_in_format(trial, text)).sum()) for text in formats}
    fewest = min(failures.values())
    fits = {text: stamps_in_format(distinct.texts, text) for text in formats if failures[text] == fewest}
    complete = {text: stamps for text, stamps in fits.items() if not np.isnat(stamps).any()}
    if not complete:
        text, stamps = next(iter(fits.items()))
        bad = int(np.argmax(np.isnat(stamps)))
        raise distinct.error(bad, f"'{distinct.texts[bad]}' is not a date in the format {text}")
    chosen, stamps = next(iter(complete.items()))
    if any(not np.array_equal(stamps, other) for other in complete.values()):
        if known_format not in complete:
            raise distinct.error(
                0,
                f"'{distinct.texts[0]}' and all other dates fit {' as well as '.join(complete)}",
                hint=f"say which it is, such as --date-format {chosen}, or write YYYY-MM-DD",
            )
        chosen, stamps = known_format, complete[known_format]
    notes = []
    if "%d" in chosen and len(formats) > 1 and "%m" in chosen:
        notes.append(warning(f"the dates are read as {chosen}, the only order that fits all rows"))
    if chosen == COMPACT_DAY:
        notes.append(warning(f"whole numbers such as {distinct.texts[0]} are read as dates"))
    return ParsedStamps(distinct.cells.codes, stamps, None, chosen, notes=tuple(notes))


def stamps_in_format(texts: list[str], text_format: str) -> Stamps:
    """Read texts in one format.

    Returns:
        datetime64[us], NaT where a text does not follow the format, shape (texts,).

    Raises:
        OptionError: it is not a strftime format without an offset.
    """
    cells = pd.Series(texts, dtype=object)
    if "%q" in text_format:
        pattern = text_format.replace("%Y", "(?P<year>[0-9]{4})").replace("%q", "(?P<quarter>[1-4])")
        parts = cells.str.extract(re.compile(f"^{pattern}$", re.IGNORECASE)).astype(np.float64)
        months = (parts["year"] - 1970) * 12 + (parts["quarter"] - 1) * 3
        stamps = months.fillna(0).to_numpy(np.int64).astype("datetime64[M]").astype("datetime64[us]")
        stamps[months.isna().to_numpy()] = np.datetime64("NaT")
        return stamps
    if "%z" in text_format or "%Z" in text_format:
        raise OptionError(f"the date format {text_format} has an offset", hint="write times with offsets as ISO 8601")
    try:
        parsed = pd.to_datetime(cells, format=text_format, errors="coerce")
    except ValueError as error:
        raise OptionError(f"{text_format} is not a date format: {error}") from None
    return parsed.to_numpy("datetime64[us]")


def _parse_iso(distinct: _Distinct) -> ParsedStamps:
    """ISO 8601 dates and times, with an offset in all rows or in none."""
    zoned = np.array([has_offset(shape) for shape in distinct.shapes], dtype=bool)
    if zoned.any() and not zoned.all():
        odd = int(np.argmax(zoned != zoned[0]))
        raise distinct.error(
            odd,
            f"'{distinct.texts[odd]}' has {'an' if zoned[odd] else 'no'} offset from UTC, "
            f"'{distinct.texts[0]}' has {'none' if zoned[odd] else 'one'}",
            hint="write the offset in all rows or in none",
        )
    cells = pd.Series(distinct.texts, dtype=object)
    parsed = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=bool(zoned.any()))
    if parsed.isna().any():
        bad = int(parsed.isna().to_numpy().argmax())
        raise distinct.error(bad, f"'{distinct.texts[bad]}' is not a date that exists")
    stamps = _without_zone(parsed)
    short = np.array([len(text) == 10 for text in distinct.texts], dtype=bool)
    notes = []
    if short.any() and not short.all():
        bare = counted(int(short[distinct.cells.codes].sum()), "date")
        notes.append(warning(f"{bare} without a time of day: read as midnight"))
    longest = int(np.argmax([len(shape) for shape in distinct.shapes]))
    text_format = iso_format(distinct.texts[longest], distinct.shapes[longest])
    if not zoned.any():
        return ParsedStamps(distinct.cells.codes, stamps, None, text_format, notes=tuple(notes))
    offsets = np.array([_offset_of(text) for text in distinct.texts], dtype="timedelta64[us]")
    zone = offset_name(offsets[0]) if np.all(offsets == offsets[0]) else None
    return ParsedStamps(distinct.cells.codes, stamps + offsets, stamps, text_format, zone, tuple(notes))


def _offset_of(text: str) -> int:
    """Microseconds that a text's clock is ahead of UTC."""
    found = _OFFSET.search(text)
    return _offset_micros(found.group()) if found else 0


@lru_cache(maxsize=256)
def _offset_micros(suffix: str) -> int:
    found = _OFFSET.search(suffix)
    if found is None or found[1] is None:
        return 0
    size = int(found[2]) * HOUR + int(found[3] or 0) * MINUTE
    return -size if found[1] == "-" else size


def _without_zone(stamps: pd.Series) -> Stamps:
    """UTC instants of zoned stamps, the wall clock of others, as datetime64[us]."""
    naive = stamps.dt.tz_convert(None) if stamps.dt.tz is not None else stamps
    return naive.to_numpy("datetime64[us]")


def typed_stamps(stamps: pd.Series, place: Place) -> ParsedStamps:
    """A column that already holds datetimes, from a data frame or a Parquet file.

    Raises:
        DataError: the first row without a time.
    """
    if stamps.isna().any():
        raise place.error(int(stamps.isna().to_numpy().argmax()), "the time is missing")
    numbers, distinct = pd.factorize(stamps)
    codes, stamps = numbers.astype(np.int32), pd.Series(distinct)
    zone = str(stamps.dt.tz) if stamps.dt.tz is not None else None
    wall = _without_zone(stamps.dt.tz_localize(None) if zone else stamps)
    clock = (wall - wall.astype("datetime64[D]")).astype(np.int64)
    if zone is None and not clock.any():
        return ParsedStamps(codes, wall, None, "%Y-%m-%d")
    fraction = ".%f" if np.any(clock % 1_000_000) else ""
    text_format = f"%Y-%m-%d %H:%M:%S{fraction}{'%:z' if zone else ''}"
    return ParsedStamps(codes, wall, _without_zone(stamps) if zone else None, text_format, zone)


def stamp_index(stamps: Stamps, schema: Schema, frequency: Frequency) -> pd.DatetimeIndex:
    """Stamps for a data frame: with the zone where they are written with an offset, else without.

    Args:
        stamps: as a panel counts them, shape (n,).
        schema: format and zone.
        frequency: the panel's.
    """
    zone = schema.time_zone
    if zone is None or not (frequency.sub_daily or schema.time_format.endswith(("%:z", "Z"))):
        return pd.DatetimeIndex(stamps)
    instants = stamps if frequency.sub_daily else to_instants(stamps, zone)
    return pd.DatetimeIndex(instants).tz_localize(UTC).tz_convert(find_zone(zone))
