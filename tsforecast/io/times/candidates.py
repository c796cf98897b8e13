"""The formats that the texts of a column may be written in, by the shapes of all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column
from tsforecast.io.messages import counted
from tsforecast.io.times.decimal_years import DECIMAL_YEAR, decimal_year_format, is_decimal_year
from tsforecast.io.times.formats import (
    EXCEL,
    ISO,
    UTC_ENDS,
    common_number_formats,
    formats_of,
    number_formats_of,
    stamps_in_format,
    within_counted_years,
)
from tsforecast.io.times.notation import OPTIONAL
from tsforecast.io.times.periods import with_word
from tsforecast.io.times.zones import MARKS_IN_FORMAT


@dataclass(frozen=True)
class Distinct:
    """The distinct texts of a column without blanks round them, and their shapes."""

    column: Column
    texts: list[str]
    shapes: list[str]

    @property
    def codes(self) -> NDArray[np.int32]:
        return self.column.texts.codes

    def error(self, index: int, message: str, hint: str = "") -> DataError:
        """An error about the first row that holds a text."""
        return self.column.error(self.column.texts.first_row(index), message, hint)

    def errors(self, bad: NDArray[np.bool_], message: str, hint: str) -> DataError:
        """An error about all rows that hold a marked text; the message quotes the first of them."""
        rows = np.flatnonzero(bad[self.codes])
        more = f" (and {counted(rows.size - 1, 'more row')} of this column)" if rows.size > 1 else ""
        place = self.column.place
        return place.error(
            int(rows[0]), f"{message}{more}", hint, rows=rows, cell_text=lambda row: self.texts[self.codes[row]]
        )


def candidate_formats(distinct: Distinct, fitted: str | None, known_format: str | None) -> tuple[str, ...]:
    """The formats that the shapes of all texts allow; that of the model's data where it reads what no shape tells."""
    if fitted and (OPTIONAL.search(fitted) or is_decimal_year(fitted)):
        as_fitted = MARKS_IN_FORMAT.sub("", fitted)
        if not np.isnat(stamps_in_format(distinct.texts, as_fitted)).any():
            return (as_fitted,)
    try:
        return _candidates(distinct)
    except DataError:
        offset = known_format is None or known_format.endswith((":z", *UTC_ENDS))
        if known_format and not offset and not np.isnat(stamps_in_format(distinct.texts, known_format)).any():
            return (known_format,)
        raise


def _candidates(distinct: Distinct) -> tuple[str, ...]:
    """The formats that the shapes of all texts allow."""
    shape, kinds = distinct.shapes[0], set(distinct.shapes)
    decimals = shape != "0000" or (len(kinds) > 1 and all(map(number_formats_of, kinds)))
    if number_formats_of(shape) and decimals:
        return _number_candidates(distinct)
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
        bad = np.array([not formats_of(shape) for shape in distinct.shapes], dtype=bool)
        raise distinct.errors(bad, f"'{text}' is not a date" if text else "the time is missing", hint)
    padded_and_not = [formats for formats in first if formats[0].startswith("%Y-%m-%d")]
    if len(first) == 2 and (ISO,) in first and padded_and_not:
        return padded_and_not[0]
    formats = next(iter(first))
    if len(first) > 1:
        alike = tuple(text for text in formats if all(text in others for others in first))
        formats = alike or _midnight_left_out(list(first))
    if not formats:
        odd = list(first.values())[1]
        raise distinct.error(
            odd,
            f"'{distinct.texts[odd]}' is written otherwise than '{distinct.texts[0]}'",
            hint="write all dates in one way, such as YYYY-MM-DD",
        )
    return with_word(formats, distinct.texts[0])


def _midnight_left_out(several: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The formats of times of which some are bare dates, which are midnights; none for others."""
    bare, timed, *others = sorted(several, key=lambda formats: len(formats[0]))
    pairs = [(day, text.removeprefix(day)) for day, text in zip(bare, timed, strict=False) if text.startswith(day)]
    if others or len(pairs) < max(len(bare), len(timed)) or "%d" not in bare[0]:
        return ()
    return tuple(f"{day}%[{clock}%]" for day, clock in pairs)


def _number_candidates(distinct: Distinct) -> tuple[str, ...]:
    """The formats in which numbers are dates by their size."""
    first, formats = distinct.texts[0], common_number_formats(distinct.shapes)
    if not formats:
        several = [number_formats_of(shape) for shape in distinct.shapes]
        odd = next(at for at in range(len(several)) if not set(several[at]) & set(several[0]))
        message = f"'{distinct.texts[odd]}' is written otherwise than '{first}'" if distinct.texts[odd] else ""
        raise distinct.error(
            odd, message or "the time is missing", hint="write all dates in one way, such as YYYY-MM-DD"
        )
    if DECIMAL_YEAR in formats:
        decimal_year = decimal_year_format(distinct.texts)
        found = [decimal_year if text == DECIMAL_YEAR else text for text in formats]
        formats = tuple(text for text in found if text)
        if not formats:
            message = f"numbers such as '{first}' are not read as dates: as years they do not follow at even steps"
            raise distinct.error(0, message, "write dates such as 2024-01-31")
    if formats != (EXCEL,):
        return formats
    day = stamps_in_format([first], EXCEL)
    if within_counted_years(day)[0]:
        hint = "to read the column so, add --date-format excel; else write dates such as 2024-01-31"
        raise distinct.error(0, f"'{first}' is a number; as Excel counts days it is {str(day[0])[:10]}", hint)
    raise distinct.error(0, f"'{first}' is not a date", "write dates such as 2024-01-31")
