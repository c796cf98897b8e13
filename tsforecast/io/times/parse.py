"""A time column: which format its texts are written in, and the stamps they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column, TextColumn
from tsforecast.io.messages import Candidate, Note, counted, info, warning
from tsforecast.io.times.candidates import Distinct, candidate_formats
from tsforecast.io.times.day_parts import ENDS, without_hour_24
from tsforecast.io.times.decimal_years import is_decimal_year
from tsforecast.io.times.far_years import ISO8601, to_datetimes
from tsforecast.io.times.format_notes import century_note, format_hint, format_notes
from tsforecast.io.times.formats import (
    COMPACT_DAY,
    DOUBTFUL_NUMBERS,
    EPOCHS,
    EXCEL,
    ISO,
    WRITTEN_NUMBERS,
    YEAR,
    formats_of,
    has_offset,
    iso_format,
    shapes,
    stamps_in_format,
    within_counted_years,
    years_of,
)
from tsforecast.io.times.months import in_english
from tsforecast.io.times.notation import as_written, plain
from tsforecast.io.times.periods import is_label
from tsforecast.io.times.readings import (
    DOUBTFUL,
    NEED_STEPS,
    clear_winner,
    evenness,
    fiscal,
    in_likely_century,
    is_regular,
    runs_on,
    says_week,
    weeks_or_months,
)
from tsforecast.io.times.zone_marks import Marks, marked_format, told_by_marks, without_marks
from tsforecast.io.times.zones import UTC, offset_name
from tsforecast.series.frequency import HOUR, MINUTE, Stamps

if TYPE_CHECKING:
    import pandas as pd

FIRST_YEAR, LAST_YEAR = 1700, 2200
_TRIAL_TEXTS = 1000
_OFFSET = re.compile(r" ?(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2})?)$")


@dataclass(frozen=True)
class ParsedStamps:
    """The time of each row, each distinct text read once."""

    codes: NDArray[np.int32]  # number of each row's text, in the order of first appearance, int32, shape (rows,)
    wall: Stamps  # the clock as written in each text, datetime64[us], shape (texts,)
    instants: Stamps | None  # the same in UTC where offsets were written, else None
    time_formats: tuple[str, ...]  # format of each time column, in the notation of formats.py
    time_zone: str | None = None  # zone of the offsets; None without offsets, and where they differ
    notes: tuple[Note, ...] = ()  # what was assumed
    readings: tuple[Candidate, ...] = ()  # the formats that were tried
    summer: NDArray[np.bool_] | None = None  # which texts have a mark of summer time that names no zone

    @property
    def key(self) -> Stamps:
        """Instants where they are known, else the wall clock: what tells times apart and orders them."""
        return self.wall if self.instants is None else self.instants

    @property
    def whole_numbers(self) -> bool:
        """Whether the stamps were written as numbers, such as 2024, 20240131 or 1700000000."""
        first, *others = self.time_formats
        alone = not others and (self.doubtful or first in (YEAR, EXCEL, *WRITTEN_NUMBERS, *EPOCHS))
        return first.startswith(COMPACT_DAY) or alone

    @property
    def doubtful(self) -> bool:
        """Whether codes and quantities may look the same: they are times only where no other column holds any."""
        first, *others = self.time_formats
        return not others and (first in DOUBTFUL_NUMBERS or is_decimal_year(first) or is_label(plain(first)))


def parse_stamps(column: Column, *, date_format: str | None = None, known_format: str | None = None) -> ParsedStamps:
    """Read a column of dates or times, all written in one way.

    Args:
        column: the texts.
        date_format: the strftime format to use, None to find it.
        known_format: the format to take where several fit, such as that of the data a model was fitted on.

    Raises:
        DataError: the first row that is not a date, is written otherwise than the rest, mixes stamps with and without
            an offset, or lies outside the years 1700 to 2200; or an order of day and month that cannot be told.
        OptionError: `date_format` is not a strftime format without an offset.
    """
    fitted, known_format = known_format, known_format and plain(known_format.removeprefix(ENDS))
    parsed = (None if date_format else _parse_alike(column.texts)) or _parse_texts(
        column, date_format, fitted, known_format
    )
    if fitted and not date_format and plain(parsed.time_formats[0].removeprefix(ENDS)) == known_format:
        return replace(parsed, time_formats=(fitted,))  # a few new rows do not show how all are written
    return parsed


def _parse_alike(cells: TextColumn) -> ParsedStamps | None:
    """The texts of a file all at once, where they are ISO 8601 and differ in digits only, or None; not in an offset."""
    if not isinstance(cells.distinct, pa.Array) or formats_of(shape := shapes([first := cells.text(0)])[0]) != (ISO,):
        return None
    suffix = _OFFSET.search(first) if has_offset(shape) else None
    try:
        letters = cells.distinct.cast(pa.binary(len(first))).buffers()[1]
        stamps = cells.distinct.cast(pa.timestamp("us", suffix and UTC)).to_numpy()
    except pa.ArrowInvalid:
        return None
    by_text = np.frombuffer(letters, np.uint8).reshape(-1, len(first))
    kept = [at for at, letter in enumerate(first) if not letter.isdigit() or (suffix and at >= suffix.start())]
    ahead = np.timedelta64(_offset_of(first) if suffix else 0, "us")
    years = years_of(stamps + ahead)
    if not (by_text[:, kept] == by_text[0, kept]).all() or years.min() < FIRST_YEAR or years.max() > LAST_YEAR:
        return None
    zoned = (stamps, offset_name(ahead)) if suffix else (None, None)
    return ParsedStamps(cells.codes, stamps + ahead, zoned[0], (iso_format(first, shape),), zoned[1])


def _parse_texts(column: Column, date_format: str | None, fitted: str | None, known_format: str | None) -> ParsedStamps:
    """The texts of a column one by one."""
    stripped = [text.strip() for text in column.texts.texts]
    ended = without_hour_24(stripped)
    stripped = ended[0] if ended else stripped
    marks = None if date_format else without_marks(stripped, fitted or "")
    stripped = marks.texts if marks else stripped
    distinct = Distinct(column, stripped, shapes(stripped))
    formats = (date_format,) if date_format else candidate_formats(distinct, fitted, known_format)
    given = date_format or (formats[0] if formats in ((known_format,), (fitted,)) else None)
    parsed = _parse_iso(distinct) if formats == (ISO,) else _parse_formats(distinct, formats, known_format, given)
    years = years_of(parsed.wall)
    outside = np.flatnonzero((years < FIRST_YEAR) | (years > LAST_YEAR))
    if outside.size:
        message = f"the year of '{distinct.texts[outside[0]]}' is not within {FIRST_YEAR} to {LAST_YEAR}"
        raise distinct.error(int(outside[0]), message, "correct it, or leave the row out")
    if marks and parsed.instants is None:
        parsed = _with_marks(parsed, marks, column)
    if ended:
        return _with_hour_24(parsed, np.array(ended[1], dtype=bool))
    return parsed


def _with_hour_24(parsed: ParsedStamps, late: NDArray[np.bool_]) -> ParsedStamps:
    """Times of which some are the 24:00 of a day, which is the midnight after it."""
    ahead = np.where(late, np.timedelta64(1, "D"), np.timedelta64(0, "D"))
    begins = np.any(~late & (parsed.wall == parsed.wall.astype("datetime64[D]")))
    formats = parsed.time_formats if begins or parsed.instants is not None else (ENDS + parsed.time_formats[0],)
    return replace(
        parsed,
        wall=parsed.wall + ahead,
        instants=None if parsed.instants is None else parsed.instants + ahead,
        time_formats=formats,
        notes=(*parsed.notes, info("24:00 is read as the midnight after the day")),
    )


def _with_marks(parsed: ParsedStamps, marks: Marks, column: Column) -> ParsedStamps:
    """Times with what their marks of winter and summer time tell."""
    told = told_by_marks(parsed.wall, marks, column)
    return replace(
        parsed,
        instants=told.instants,
        time_formats=(marked_format(parsed.time_formats[0], told.names),),
        time_zone=told.zone,
        notes=(*parsed.notes, *told.notes),
        summer=None if marks.zone else marks.summer,
    )


def _parse_formats(
    distinct: Distinct, formats: tuple[str, ...], known_format: str | None, given: str | None
) -> ParsedStamps:
    """Dates in the one format that fits every row; `given` is the one that was asked for, and not found."""
    trial = distinct.texts[:_TRIAL_TEXTS]
    failures = {text: int(np.isnat(_read(trial, text, given)).sum()) for text in formats}
    fewest = min(failures.values())
    fits = {text: _in_century(distinct, text, given) for text in formats if failures[text] == fewest}
    complete = {text: stamps for text, stamps in fits.items() if not np.isnat(stamps).any()}
    if not complete:
        text, stamps = next(iter(fits.items()))
        bad = np.isnat(stamps)
        shown = distinct.texts[int(np.argmax(bad))]
        raise distinct.errors(bad, f"'{shown}' is not a date in the format {text}", format_hint(text))
    known = next((text for text in complete if text == given or plain(text) == known_format), None)
    if known is None:
        complete = weeks_or_months(complete, distinct.column.name)
    chosen, reason = known or next(iter(complete)), "the only order that fits all rows"
    if known is None and (yearly := fiscal(complete)):
        chosen, reason = yearly, "years that follow one another"
    elif any(not np.array_equal(complete[chosen], other) for other in complete.values()):
        chosen, reason = _clearest(distinct, complete, known)
    stamps = complete[chosen]
    if chosen in NEED_STEPS and not known and not says_week(distinct.column.name) and not is_regular(stamps):
        raise _no_steps(distinct, formats[0])
    if chosen in DOUBTFUL and not known and not runs_on(stamps):
        raise distinct.error(
            0,
            f"'{distinct.texts[0]}' may be a day or a month of a year: the year is missing, or has two digits",
            hint=f'write dates such as 2024-01-31, or say that it is a month with --date-format "{chosen}"',
        )
    notes = () if given else tuple(format_notes(chosen, formats, distinct.texts[0], reason))
    if "%y" in chosen and not given:
        notes = (*notes, *century_note(stamps))
    written = chosen if given else as_written(chosen, distinct.texts, distinct.shapes)
    instants, zone = (stamps, UTC) if chosen in EPOCHS else (None, None)
    readings = () if given or len(formats) == 1 else _tried(distinct, formats, fits, chosen, reason)
    return ParsedStamps(distinct.codes, stamps, instants, (written,), zone, notes, readings)


def _no_steps(distinct: Distinct, text_format: str) -> DataError:
    """The error of texts that would be read as weeks or days of a year if they did follow at even steps."""
    bad = np.isnat(stamps_in_format(distinct.texts, text_format))
    shown = distinct.texts[int(np.argmax(bad))]
    return distinct.errors(bad | ~bad.any(), f"'{shown}' is not a date in the format {text_format}", "")


def _clearest(distinct: Distinct, complete: dict[str, Stamps], known_format: str | None) -> tuple[str, str]:
    """The right one of several formats that all texts fit, and why: that of the model's data, or the regular one."""
    if known_format is not None:
        return known_format, "as when fitting"
    chosen, ordered = clear_winner(complete)
    if chosen is not None:
        return chosen, "the order in which they follow one another at even steps"
    best, other = (complete[text] for text in ordered[:2])
    at = int(np.argmax(best != other))
    readings = [f"{str(complete[text][at])[:10]} with --date-format {_quoted(text)}" for text in ordered]
    raise distinct.error(
        0,
        f"'{distinct.texts[0]}' and all other dates fit {' as well as '.join(ordered)}",
        hint=f"say which it is: '{distinct.texts[at]}' is {', '.join(readings)}",
    )


def _tried(
    distinct: Distinct, formats: tuple[str, ...], fits: dict[str, Stamps], chosen: str, reason: str
) -> tuple[Candidate, ...]:
    """The formats that the first text allows, and why one of them was taken."""

    def evidence(text_format: str) -> str:
        if text_format == chosen:
            return reason.replace("only order", "only one")
        stamps = fits[text_format] if text_format in fits else _read(distinct.texts[:_TRIAL_TEXTS], text_format, None)
        if np.isnat(stamps).any():
            return f"'{distinct.texts[int(np.argmax(np.isnat(stamps)))]}' is no such date"
        if np.array_equal(stamps, fits[chosen]):
            return "gives the same times"
        return f"the steps are less even: {evenness(stamps):.2f} against {evenness(fits[chosen]):.2f}"

    return tuple(Candidate("time", f"dates as {text}", evidence(text), text == chosen) for text in formats)


def _quoted(text_format: str) -> str:
    return f'"{text_format}"' if " " in text_format else text_format


def _in_century(distinct: Distinct, text_format: str, given: str | None) -> Stamps:
    """All texts in one format, years of two digits being those of the likeliest century."""
    stamps = _read(distinct.texts, text_format, given)
    return in_likely_century(stamps) if "%y" in text_format else stamps


def _read(texts: list[str], text_format: str, given: str | None) -> Stamps:
    """Texts in one format; a count since 1970 that nobody asked for has to lie in the years that are likely."""
    stamps = stamps_in_format(texts, text_format)
    if given or not (text_format in (*EPOCHS, *WRITTEN_NUMBERS) or is_decimal_year(text_format)):
        return stamps
    return np.where(within_counted_years(stamps, text_format), stamps, np.datetime64("NaT", "us"))


def _parse_iso(distinct: Distinct) -> ParsedStamps:
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
    named = any(shape.endswith("A") for shape in dict.fromkeys(distinct.shapes))
    cells = in_english(distinct.texts) if named else distinct.texts
    parsed = to_datetimes(cells, ISO8601, utc=bool(zoned.any()))
    if parsed.isna().any():
        bad = parsed.isna().to_numpy()
        shown = distinct.texts[int(bad.argmax())]
        hint = "midnight is 00:00 of the next day" if re.search(r"[T ]24:", shown) else ""
        raise distinct.errors(bad, f"'{shown}' is not a date that exists", hint)
    stamps = without_zone(parsed)
    short = np.array([len(text) == 10 for text in distinct.texts], dtype=bool)
    notes = []
    longest = int(np.argmax([len(shape) for shape in distinct.shapes]))
    text_format = iso_format(distinct.texts[longest], distinct.shapes[longest])
    if short.any() and not short.all():
        bare = counted(int(short[distinct.codes].sum()), "date")
        notes.append(warning(f"{bare} without a time of day: read as midnight"))
    if not zoned.any():
        return ParsedStamps(distinct.codes, stamps, None, (text_format,), notes=tuple(notes))
    offsets = np.array([_offset_of(text) for text in distinct.texts], dtype="timedelta64[us]")
    zone = offset_name(offsets[0]) if np.all(offsets == offsets[0]) else None
    return ParsedStamps(distinct.codes, stamps + offsets, stamps, (text_format,), zone, tuple(notes))


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


def without_zone(stamps: pd.Series) -> Stamps:
    """UTC instants of zoned stamps, the wall clock of others, as datetime64[us]."""
    naive = stamps.dt.tz_convert(None) if stamps.dt.tz is not None else stamps
    return naive.to_numpy("datetime64[us]")
