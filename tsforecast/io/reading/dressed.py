"""Numbers in company: with a currency, a per cent sign, a unit, a sign behind them, or a suffix for thousands.

Only columns with texts that are no plain numbers come here, and of these only the distinct texts. Everything that is
taken off must be the same through the whole column, else the column is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import counted

# Texts that mean a missing value where they stand among numbers, in lower case.
_TOKENS = frozenset(
    {"no data", "not available", "nodata", "no value", "(null)", "<null>", "<na>", "nat", "missing"}.union(
        [".", "..", "...", ":", "--", "---", "\u2013", "\u2014", "*", "**", "***"],
        ["\\n", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!"],
        ["n/a", "n.a.", "n.a", "n/d", "nd", "nil", "void"],
        [f"{sign}{word}" for sign in ("", "-", "+") for word in ("nan", "nan(ind)", "1.#ind", "1.#qnan", "1.#snan")],
    )
)
# So do these, unless they outnumber the numbers: then the column tells how something is.
_STATES = frozenset(["unavailable", "unknown", "undefined", "offline"])
_CURRENCIES = (
    r"(?:[A-Z]{0,3}[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9\u20ba\u20aa\u20ab\u20b4\u0e3f]|kr\.?|Kr\.?|Rs\.?|z\u0142|K\u010d|Ft|Fr\.?|"
    r"EUR|USD|GBP|CHF|JPY|CNY|RMB|SEK|NOK|DKK|PLN|CZK|HUF|INR|BRL|AUD|CAD|NZD|SGD|HKD|ZAR|MXN|RUB|TRY|KRW|ILS|THB)"
)
_UNIT = r"[^\W\d_\u00b0\u00b5%]{1,8}(?:[/.][^\W\d_]{1,6})?[\u00b2\u00b323]?|\u00b0 ?[CFK]?|\u00b5[A-Za-z/]{1,6}"
_DRESSED = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?\s?(?P<before>{_CURRENCIES})?\s?(?P<sign2>[+-])?(?P<open2>\()?"
    r"(?P<core>[0-9.,][0-9., ']*?)"
    rf"\s?(?P<scale>[KkMB](?![\w/])|bn\b|mn\b|Mio\.?|Mrd\.?)?\s?(?P<after>%|{_CURRENCIES}(?![\w/])|{_UNIT})?(?P<close>\))?(?P<minus>-)?"
)
_FORMULA = re.compile(r'="(.*)"')
_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "mn": 1e6, "mio": 1e6, "mrd": 1e9}
_NO_UNITS = frozenset({"am", "pm", "st", "nd", "rd", "th", "e", "h", "hr", "hrs", "min"})
_CURRENCY = re.compile(_CURRENCIES)

# A column of which fewer of the texts differ may hold the names of sizes: `1 kg`, `2 kg`.
_DISTINCT_SHARE, _MANY_TEXTS = 1 / 3, 100
_MOST_TOKENS = 6


@dataclass(frozen=True)
class Undressed:
    """The texts of a column without what stood round their numbers."""

    values: NDArray[np.float64]  # shape (texts,)
    missing: NDArray[np.bool_]  # shape (texts,)
    said: tuple[str, ...]  # what was taken off, a text each


@dataclass(frozen=True)
class _Number:
    core: str
    negative: bool
    how: str  # how a negative number is written, empty for plain
    before: str
    after: str
    scale: str


def is_missing_word(text: str) -> bool:
    """Whether a text in lower case means a missing value where it stands among numbers."""
    return text in _TOKENS or text in _STATES


def undress(
    texts: Sequence[str],
    values: NDArray[np.float64],
    missing: NDArray[np.bool_],
    counts: NDArray[np.int64],
    parse: Callable[[list[str]], NDArray[np.float64]],
) -> Undressed | None:
    """Read the texts that are neither numbers nor missing; None where they are no numbers in company.

    Args:
        texts: the distinct texts of a column, with plain spaces and minus signs.
        values: the numbers among them, NaN for the others.
        missing: which of them are missing.
        counts: rows of each text.
        parse: reads texts as plain numbers.
    """
    wrong = np.flatnonzero(np.isnan(values) & ~missing)
    tokens = [row for row in wrong.tolist() if is_missing_word(texts[row].strip().lower())]
    others = np.setdiff1d(wrong, tokens).tolist()
    found = [_take_apart(texts[row].strip()) for row in others]
    known = [number for number in found if number is not None]
    plain = values[~np.isnan(values)]
    said: list[str] = []
    if len(known) == len(found) and known:
        read = parse([number.core for number in known])
        agreed = _agree(known, read, plain, int(counts.sum()))
        if not np.isnan(read).any() and agreed is not None:
            signs = np.array([-1.0 if number.negative else 1.0 for number in known])
            values = values.copy()
            values[others] = read * signs * [_scale(number) for number in known]
            said += agreed
    held = ~np.isnan(values)
    states = [row for row in tokens if texts[row].strip().lower() in _STATES]
    if np.count_nonzero(held) < 2 or len(tokens) > _MOST_TOKENS or counts[states].sum() > counts[held].sum():
        return None
    missing = missing.copy()
    missing[tokens] = True
    said += missing_said(texts, counts, tokens)
    return Undressed(values, missing, tuple(said)) if said else None


def missing_said(texts: Sequence[str], counts: NDArray[np.int64], tokens: Sequence[int]) -> list[str]:
    """What is said of the texts that were taken for missing, by their numbers."""
    return [f"'{texts[row].strip()}' as missing ({counted(int(counts[row]), 'cell')})" for row in tokens]


def _take_apart(text: str) -> _Number | None:
    formula = _FORMULA.fullmatch(text)
    if formula:
        return _Number(formula[1], False, 'in ="..."', "", "", "")
    match = _DRESSED.fullmatch(text)
    if match is None:
        return None
    opened, closed = bool(match["open"]) + bool(match["open2"]), bool(match["close"])
    signs = bool(match["sign"]) + bool(match["sign2"]) + bool(match["minus"]) + closed
    if opened != closed or signs > 1 or (match["after"] or "").lower() in _NO_UNITS:
        return None
    negative = closed or bool(match["minus"]) or "-" in (match["sign"], match["sign2"])
    how = "in parentheses as negative" if closed else "with a minus behind as negative" if match["minus"] else ""
    return _Number(match["core"], negative, how, match["before"] or "", match["after"] or "", match["scale"] or "")


def _scale(number: _Number) -> float:
    return _SCALES[number.scale.lower().rstrip(".")] if number.scale else 1.0


def _agree(
    numbers: Sequence[_Number], read: NDArray[np.float64], plain: NDArray[np.float64], rows: int
) -> list[str] | None:
    """What is taken off, if it is the same in all numbers; None otherwise."""
    companies = {company for number in numbers for company in (number.before, number.after) if company}
    some_plain = bool(np.any(plain != 0)) or any(
        not (number.before or number.after) and value != 0 for number, value in zip(numbers, read, strict=True)
    )
    if len(companies) > 1:
        return None
    said = [f"numbers {how}" for how in sorted({number.how for number in numbers if number.how})]
    for company in companies:
        currency = _CURRENCY.fullmatch(company) is not None
        if not currency and some_plain:
            return None
        named = not currency and company != "%"
        if named and len(numbers) < min(_MANY_TEXTS, _DISTINCT_SHARE * rows):
            return None
        said.append(f"'{company}' left out" + (": 5% is 5" if company == "%" else ""))
    scales = {number.scale: _scale(number) for number in numbers if number.scale}
    if scales:
        least = min(scales.values())
        bare = [value for value, number in zip(read.tolist(), numbers, strict=True) if not number.scale]
        size = np.abs(np.array([*bare, *plain.tolist()]))
        if np.any((size != 0) & ((size >= least) | (size < least / 1000))):
            return None
        said += [f"'{scale}' as {factor:,.0f} times" for scale, factor in sorted(scales.items())]
    return said or None
