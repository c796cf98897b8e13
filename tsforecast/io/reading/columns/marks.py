"""Marks that part decimals and thousands: what other cells prove of them, and what to say where nothing does."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.column import Column, is_id_name
from tsforecast.io.reading.dressed import is_missing_word
from tsforecast.io.reading.numbers import (
    Content,
    NumberFormat,
    holds_texts,
    is_grouped,
    is_missing,
    is_number,
    plain_signs,
    shows_decimals,
)

_UNIT_SHARE = 0.5
_SAMPLE_TEXTS = 1000
# A number with its marks, among what else a cell holds.
_CORE = re.compile(r"(?<![\d.,])[0-9]{1,3}(?:[.,' ][0-9]+)+(?![\d.,:/-]?\d)")
_LONGEST_NUMBER = 40
_MARKS = {".": "a point", ",": "a comma"}
_THOUSANDS = ("", ",", ".", " ", "'")
_TYPED_MARKS = {" ": '" "', "'": '"\'"'}
_OTHER_MARK = {",": ".", ".": ","}
_LONG_WHOLE = re.compile(r"[+-]?[0-9]{4,}")

# A number in company: `$5`, `5%`, `5 kWh`, `1,234`.
_WITH_UNIT = re.compile(r"[^\w\s]{0,3} ?([+-]?[0-9][0-9.,' _]*)(?:\s?[^\d\s]{1,5})?")

# Numbers below and above one thousand, and how many of each are wanted.
_BELOW, _ABOVE = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,2})"), re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_FEWEST, _SMOOTHER, _MOST_ALIKE = 5, 0.5, 0.95
# Of numbers with three decimals, a tenth end in zero, and one in a thousand is whole.
_HEAD, _FEW_DIGITS, _FEW_WHOLE = 10_000, 0.5, 0.01


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


def mark_hint(text: str, others: Iterable[str], number_format: NumberFormat, *, fixed: bool) -> str | None:
    """How to read a number whose marks must be explained; None where they need no explanation.

    Args:
        text: the number, perhaps in company.
        others: the texts of its column: only what reads all their numbers is proposed.
        number_format: how numbers are read now; what an option gave is neither repeated nor contradicted.
        fixed: whether the decimal mark was given.
    """
    core = _core(text)
    if core is None or not any(mark in core for mark in _THOUSANDS[1:]):
        return None
    cores = {core, *(found for other in others if (found := _core(other)) is not None)}
    known = number_format.thousands
    readings = {}
    for decimal in (number_format.decimal,) if fixed else _MARKS:
        for thousands in (known,) if known else _THOUSANDS:
            fits = (is_number(each, decimal) or (thousands and is_grouped(each, decimal, thousands)) for each in cores)
            if decimal != thousands and all(fits):
                readings[decimal] = thousands
                break
    if readings.get(number_format.decimal, "?") == known:
        return None  # what is wrong is something else
    if len(set(readings.values())) == 1:
        decimal = number_format.decimal if number_format.decimal in readings else next(iter(readings))
        readings = {decimal: readings[decimal]}
    if not readings:
        given = [f"--decimal {number_format.decimal}"] if fixed else []
        given += [f"--thousands {_TYPED_MARKS.get(known, known)}"] if known else []
        return f"write all numbers in one way{f', as {chr(32).join(given)} says' if given else ', such as 1234.5'}"
    if len(readings) > 1:
        mark = next(thousands for thousands in readings.values() if thousands)
        return _choice(mark)
    ((decimal, thousands),) = readings.items()
    if thousands == known:
        return f"for a decimal {_MARKS[decimal].removeprefix('a ')} add --decimal {decimal}"
    flags = f"--thousands {_TYPED_MARKS.get(thousands, thousands)}"
    if decimal != _OTHER_MARK.get(thousands, number_format.decimal):
        flags += f" --decimal {decimal}"
    return f"write numbers without thousands separators, or add {flags}"


def _core(text: str) -> str | None:
    """The number in a text, with its marks but without its company; None where it is none."""
    plain = plain_signs(text).strip()
    found = _WITH_UNIT.fullmatch(plain)
    if found is None:
        return plain if is_number(plain) or is_number(plain, ",") else None
    return plain if is_number(plain) else found[1].rstrip()


def _choice(mark: str) -> str:
    return f"if {_MARKS[mark]} separates thousands add --thousands {mark}, if it marks decimals add --decimal {mark}"


def check_decimal_mark(targets: Sequence[Content], mark: str, *, certain: bool) -> None:
    """Refuse `1,234` where no number of the value columns shows whether it is 1.234 or 1234.

    Args:
        targets: the value columns.
        mark: that is taken for the one of decimals.
        certain: whether some number shows that it is: then only a column is refused in which hardly another one does.

    Raises:
        DataError: the first such cell.
    """
    columns = [content.column for content in targets if content.kind == "number"]
    suspects = []
    for column in columns:
        if _growth(column, mark):
            texts = [plain_signs(cell).strip() for cell in column.texts.texts]
            suspects.append((column, next(text for text in texts if mark in text and _ABOVE.fullmatch(text))))
    for column in [] if certain or suspects else columns:
        plain = column.plain
        if plain is not None and plain.whole and not plain.pointed:
            continue
        if plain is not None and _has_decimals(plain.values):
            return
        numbers = [text for cell in column.texts.texts if is_number(text := plain_signs(cell).strip(), mark)]
        if any(shows_decimals(text, mark) for text in numbers):
            return
        if may_group(numbers, mark) and (plain is None or not plain.whole or _nearer_to_thousands(numbers, mark)):
            suspects.append((column, next(text for text in numbers if mark in text)))
    for column, text in suspects:
        row = column.first_row(next(cell for cell in column.texts.texts if text in cell))
        message = f"'{text}' is ambiguous: the mark may be that of decimals or of thousands"
        raise column.error(row, message, _choice(mark))


def may_group(texts: Sequence[str], mark: str) -> bool:
    """Whether the decimal mark of a column, none of whose texts shows decimals, may as well separate thousands.

    Numbers with three decimals are common, so it is suspected only beside numbers without it, none of which has more
    than three digits.
    """
    plain = [text for text in texts if mark not in text]
    return 0 < len(plain) < len(texts) and not any(_LONG_WHOLE.fullmatch(text) for text in plain)


def _nearer_to_thousands(texts: Sequence[str], mark: str) -> bool:
    """Whether numbers such as 1.000 are as large as the others, 940 say, if the mark parts thousands."""
    marked = np.median([float(text.replace(mark, ".")) for text in texts if mark in text])
    others = np.median([float(text) for text in texts if mark not in text])
    return bool(abs(others) > math.sqrt(1000) * abs(marked))


def _has_decimals(values: NDArray[np.float64]) -> bool:
    """Whether some number with decimals can be no group of three digits before another; the texts are not needed."""
    broken = values[(np.rint(values) != values) & ~np.isnan(values)]
    size = np.abs(broken)
    return bool(np.any((size < 1) | (size >= 1000) | (np.round(size, 3) != size)))


def proven_marks(columns: Sequence[Column], number_format: NumberFormat, *, fixed: bool) -> NumberFormat:
    """How a table writes numbers, where some of them show what parts their thousands or decimals.

    `1,234,567`, `2,208.09` and, in quotes between commas, `0,090` can be read in one way only. A table in which another
    number shows something else keeps its format, as does one with a given separator.
    """
    if number_format.thousands:
        return number_format
    texts = [column for column in columns if holds_texts(column) and not is_id_name(column.name)]
    shown = {
        marks
        for column in texts
        if column.plain is None
        for marks in _shown_in(column.texts.first_texts(_SAMPLE_TEXTS), number_format.decimal)
    }
    grown = [(column, mark) for column in texts for mark in _MARKS if not fixed and _growth(column, mark) == "proven"]
    shown |= {(mark, "") for _, mark in grown}
    decimals = {decimal for _, decimal in shown if decimal}
    separators = {mark for mark, _ in shown if mark}
    if not shown or len(separators) > 1 or len(decimals) > 1 or separators & decimals:
        return number_format
    mark = next(iter(separators), "")
    decimal = next(iter(decimals), _OTHER_MARK.get(mark, number_format.decimal))
    known = [column for column, _ in grown]
    others = any(column.plain is not None and not column.plain.whole and column not in known for column in columns)
    if decimal != number_format.decimal and (fixed or others):
        return number_format
    return replace(number_format, decimal=decimal, thousands=mark)


def _shown_in(texts: Sequence[str], decimal: str) -> set[tuple[str, str]]:
    """The marks of thousands and of decimals that a column shows, if they fit all of its numbers."""
    short = [plain_signs(text) for text in texts if len(text) <= _LONGEST_NUMBER]
    cores = [match[0] for text in short if (match := _CORE.search(text))]
    shown = {marks for core in cores if (marks := _shown_marks(core))}
    for mark, point in shown:
        points = [point] if point else [other for other in _MARKS if other != mark]
        fits = any(all(is_grouped(core, p, mark) or is_number(core, p) for core in cores) for p in points)
        # Addresses and telephone numbers have groups as well, but all have equally many.
        alike = not point and mark != "," and len({core.count(mark) for core in cores}) == 1
        if not fits or (alike and len(cores) == len(short)):
            return set()
    if shown or not cores:
        return shown
    filled = [text for each in short if not _is_gap(text := each.strip())]
    numbers = [core for text in filled if (core := _core(text)) is not None]
    if len(numbers) < len(filled):
        return set()
    if decimal == "." and all(is_number(core, ",") for core in numbers):
        return {("", ",")} if any(shows_decimals(core, ",") for core in numbers) else set()
    # A single blank or apostrophe can part nothing but thousands.
    for mark in " '":
        grouped = [is_grouped(core, decimal, mark) for core in numbers]
        rest = [core for core, known in zip(numbers, grouped, strict=True) if not known]
        if sum(grouped) >= _FEWEST and rest and all(is_number(core, decimal) for core in rest):
            return {(mark, "")}
    return set()


def _is_gap(text: str) -> bool:
    return is_missing(text) or is_missing_word(text.lower())


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


def _growth(column: Column, mark: str) -> str:
    """Whether marks stand in all numbers of a column from 1,000, which go on where those below end.

    `1,295` beside 987 and 1,012 is twelve hundred; beside 1 and 2 it may be a number with decimals. Of two neighbours
    of which one has a mark, the reading under which they are alike is right.

    Returns:
        `proven`, `doubted` where a few cells show something else, or nothing.
    """
    plain = column.plain
    if column.typed is not None or (plain is not None and (mark != "." or plain.whole != plain.pointed)):
        return ""
    if plain is not None and not plain.whole and not _may_grow(plain.values):
        return ""
    if not _may_be_groups(column.texts.first_texts(_SAMPLE_TEXTS)):
        return ""
    texts = column.texts.texts
    if not any(mark in text for text in texts):
        return ""
    texts = [plain_signs(text).strip() for text in texts]
    above = np.array([mark in text and _ABOVE.fullmatch(text) is not None for text in texts])
    known = above | np.array([_BELOW.fullmatch(text) is not None for text in texts])
    gap = np.array([_is_gap(text) for text in texts])
    rows = column.texts.codes[~gap[column.texts.codes]]
    kept = rows[known[rows]]
    if kept.size < _MOST_ALIKE * rows.size:
        return ""
    digits = [re.sub("[-+.,]", "", text) if one else "0" for text, one in zip(texts, known, strict=True)]
    if not _is_smoother(np.array(digits, dtype=np.float64)[kept], above[kept]):
        return ""
    return "proven" if kept.size == rows.size else "doubted"


def _may_be_groups(texts: Sequence[str]) -> bool:
    """Whether the first texts are numbers below 1,000, and others with one mark before three digits."""
    plain = [plain_signs(text).strip() for text in texts]
    above = sum(_ABOVE.fullmatch(text) is not None for text in plain)
    below = sum(_BELOW.fullmatch(text) is not None for text in plain)
    return 2 * (above + below) > len(plain) and (not above or below >= _FEW_WHOLE * above)


def _may_grow(values: NDArray[np.float64]) -> bool:
    """Whether numbers with decimals may be thousands, by their values; the first rule out most columns."""
    head = values[:_HEAD]
    parts = head[(np.rint(head) != head) & ~np.isnan(head)]
    rest = np.count_nonzero(np.rint(head) == head)
    if parts.size and (np.mean(np.round(parts, 2) == parts) > _FEW_DIGITS or rest < _FEW_WHOLE * parts.size):
        return False
    sizes = np.abs(values[~np.isnan(values)])
    marked = np.rint(sizes) != sizes
    return _is_smoother(np.where(marked, 1000 * sizes, sizes), marked)


def _is_smoother(sizes: NDArray[np.float64], marked: NDArray[np.bool_]) -> bool:
    """Whether neighbours of which one is marked are alike as they are, and less so with a thousandth of that one."""
    if min(np.count_nonzero(marked), np.count_nonzero(~marked)) < _FEWEST:
        return False
    pairs = (marked[1:] != marked[:-1]) & (sizes[1:] > 0) & (sizes[:-1] > 0)
    # Of logarithms, because the quotient of two values may be too large.
    larger = np.log(np.where(sizes > 0, sizes, 1.0))
    steps = [np.abs(np.diff(read)[pairs]).sum() for read in (larger, larger - np.log(1000) * marked)]
    return bool(steps[0] < _SMOOTHER * steps[1])
