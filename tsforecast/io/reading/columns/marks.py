"""Guards for tables whose numbers are written with a currency, a unit, or a mark that can be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.io.column import Column, is_id_name
from tsforecast.io.reading.numbers import (
    VALUE_HINT,
    Content,
    NumberFormat,
    is_grouped,
    is_missing,
    is_number,
    mark_hint,
    plain_signs,
    shows_decimals,
)

_UNIT_SHARE = 0.5
_SAMPLE_TEXTS = 1000
# A number with its marks, among what else a cell holds.
_CORE = re.compile(r"(?<![\d.,])[0-9]{1,3}(?:[.,' ][0-9]+)+(?![\d.,:/-]?\d)")
_LONGEST_NUMBER = 40
_MARKS = (".", ",")
_LONG_WHOLE = re.compile(r"[+-]?[0-9]{4,}")

# A number in company: `$5`, `5%`, `5 kWh`, `1,234`.
_WITH_UNIT = re.compile(r"[^\w\s]{0,3} ?[+-]?[0-9][0-9.,' _]*(?:\s?[^\d\s]{1,5})?")


def is_with_unit(text: str) -> bool:
    """Whether a text is a number in company, such as a currency, a unit or a per cent sign."""
    return _WITH_UNIT.fullmatch(text.strip()) is not None


def text_with_unit(column: Column) -> str | None:
    """The first text of a column that seems to hold numbers with a currency, a unit or a mark; None for any other."""
    if column.typed is not None:
        return None
    filled = [text for cell in column.texts.first_texts(_SAMPLE_TEXTS) if not is_missing(text := cell.strip())]
    found = [text for text in filled if is_with_unit(text)]
    # A plain number is not what is wrong with the column.
    odd = [text for text in found if not is_number(text)] or [text for text in filled if not is_number(text)]
    return odd[0] if odd and len(found) > _UNIT_SHARE * len(filled) else None


def number_with_unit_error(column: Column, text: str) -> DataError:
    """The error of a table in which no column can be forecast, because its numbers are written like this text."""
    row = column.first_row(next(cell for cell in column.texts.texts if cell.strip() == text))
    message = f"no column holds numbers to forecast: '{text}' is not a finite number"
    return column.error(row, message, mark_hint(text) or VALUE_HINT)


def check_decimal_mark(targets: Sequence[Content], mark: str) -> None:
    """Refuse `1,234` where no number of the value columns shows whether it is 1.234 or 1234.

    Raises:
        DataError: the first such cell.
    """
    suspects = []
    for column in (content.column for content in targets if content.kind == "number"):
        plain = column.plain
        if plain is not None and plain.whole:
            continue
        if plain is not None and _has_decimals(plain.values):
            return
        numbers = [text for cell in column.texts.texts if is_number(text := plain_signs(cell).strip(), mark)]
        if any(shows_decimals(text, mark) for text in numbers):
            return
        if may_group(numbers, mark):
            suspects.append((column, next(text for text in numbers if mark in text)))
    for column, text in suspects:
        row = column.first_row(next(cell for cell in column.texts.texts if text in cell))
        message = f"'{text}' is ambiguous: the mark may be that of decimals or of thousands"
        raise column.error(row, message, mark_hint(text) or "")


def may_group(texts: Sequence[str], mark: str) -> bool:
    """Whether the decimal mark of a column, none of whose texts shows decimals, may as well separate thousands.

    Numbers with three decimals are common, so it is suspected only beside numbers without it, none of which has more
    than three digits.
    """
    plain = [text for text in texts if mark not in text]
    return 0 < len(plain) < len(texts) and not any(_LONG_WHOLE.fullmatch(text) for text in plain)


def _has_decimals(values: NDArray[np.float64]) -> bool:
    """Whether some number with decimals can be no group of three digits before another; the texts are not needed."""
    broken = values[(np.rint(values) != values) & ~np.isnan(values)]
    size = np.abs(broken)
    return bool(np.any((size < 1) | (size >= 1000) | (np.round(size, 3) != size)))


def proven_marks(columns: Sequence[Column], number_format: NumberFormat, *, fixed: bool) -> NumberFormat:
    """How a table writes numbers, where some of them show what parts their thousands.

    `1,234,567` and `2,208.09` can be read in one way only. A table in which another number shows something else keeps
    its format, as does one with a given separator.
    """
    if number_format.thousands:
        return number_format
    shown = {
        marks
        for column in columns
        if column.typed is None and column.plain is None and not is_id_name(column.name)
        for marks in _shown_in(column.texts.first_texts(_SAMPLE_TEXTS))
    }
    decimals = {decimal for _, decimal in shown if decimal}
    separators = {mark for mark, _ in shown}
    if len(separators) != 1 or len(decimals) > 1:
        return number_format
    (mark,) = separators
    decimal = next(iter(decimals), {",": ".", ".": ","}.get(mark, number_format.decimal))
    others = any(column.plain is not None and not column.plain.whole for column in columns)
    if decimal != number_format.decimal and (fixed or others):
        return number_format
    return replace(number_format, decimal=decimal, thousands=mark)


def _shown_in(texts: Sequence[str]) -> set[tuple[str, str]]:
    """The marks that some texts of a column show, if they fit all of its numbers."""
    short = [plain_signs(text) for text in texts if len(text) <= _LONGEST_NUMBER]
    cores = [match[0] for text in short if (match := _CORE.search(text))]
    shown = {marks for core in cores if (marks := _shown_marks(core))}
    for mark, decimal in shown:
        points = [decimal] if decimal else [point for point in _MARKS if point != mark]
        fits = any(all(is_grouped(core, p, mark) or is_number(core, p) for core in cores) for p in points)
        # Addresses and telephone numbers have groups as well, but all have equally many.
        alike = not decimal and mark != "," and len({core.count(mark) for core in cores}) == 1
        if not fits or (alike and len(cores) == len(short)):
            return set()
    return shown


def _shown_marks(text: str) -> tuple[str, str] | None:
    """The mark of thousands and that of decimals (empty if there is none) where only one reading is possible."""
    for mark in (",", ".", " ", "'"):
        for point in _MARKS:
            if point != mark and is_grouped(text, point, mark):
                if point in text:
                    return mark, point
                if text.count(mark) > 1:
                    return mark, ""
    return None
