"""Random tables of time series, written in random dialects."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.sweeps.panel_content import Content

LETTERS = "abcxyzABC0123456789 .-_/"
ODD = "\"',;\t|\n\r\\=+@#éßñ名前🙂\u0301\u200f\ufeff\x1b\x7f\xa0"
MISSING = ("", "NA", "NaN", "nan", "null", "None", "-", "?", "#N/A", "n/a")


@dataclass(frozen=True)
class Stamped:
    """A way to write times.

    Args:
        step: between two of them, as NumPy writes it.
        start: the first one possible.
        write: of a moment.
        date_format: what the reader has to be told.
    """

    step: np.timedelta64
    start: str
    write: Callable[[np.datetime64], str]
    date_format: str | None = None


@dataclass(frozen=True)
class Case:
    """A file, how to read it, and the values that have to be found.

    Args:
        data: the file.
        options: for reading it.
        content: each value by its series and time.
        rows: of the table.
    """

    data: bytes
    options: dict[str, Any]
    content: Content
    rows: int


def _strftime(pattern: str) -> Callable[[np.datetime64], str]:
    return lambda stamp: stamp.astype("datetime64[us]").item().strftime(pattern)


def _quarter(stamp: np.datetime64) -> str:
    month = stamp.astype("datetime64[M]").astype(int)
    return f"{1970 + month // 12}Q{month % 12 // 3 + 1}"


HOUR, DAY, MONTH = np.timedelta64(1, "h"), np.timedelta64(1, "D"), np.timedelta64(1, "M")
STAMPS = (
    Stamped(HOUR, "2024-02-28T00", _strftime("%Y-%m-%d %H:%M")),
    Stamped(HOUR, "2024-03-31T00", _strftime("%Y-%m-%dT%H:%M:%SZ")),
    Stamped(HOUR, "2024-10-27T00", lambda stamp: _strftime("%Y-%m-%d %H:%M:%S+01:30")(stamp + np.timedelta64(90, "m"))),
    Stamped(np.timedelta64(15, "m"), "1999-12-31T20:00", _strftime("%Y-%m-%dT%H:%M:%S")),
    Stamped(np.timedelta64(250, "ms"), "2024-01-01T00:00:00.000", _strftime("%Y-%m-%d %H:%M:%S.%f")),
    Stamped(DAY, "2023-12-25", _strftime("%Y-%m-%d")),
    Stamped(DAY, "2024-02-01", _strftime("%Y%m%d")),
    Stamped(DAY, "2024-02-01", _strftime("%d/%m/%Y"), "%d/%m/%Y"),
    Stamped(DAY, "2024-02-01", _strftime("%m/%d/%y"), "%m/%d/%y"),
    Stamped(DAY, "2024-02-01", _strftime("%d %b %Y")),
    Stamped(7 * DAY, "2024-01-01", _strftime("%d.%m.%Y")),
    Stamped(MONTH, "2020-01", _strftime("%Y-%m")),
    Stamped(MONTH, "2020-01", _strftime("%B %Y")),
    Stamped(3 * MONTH, "1995-01", _quarter),
)


def random_case(rng: random.Random) -> Case:
    """One table in one dialect."""
    stamped, n_ids = rng.choice(STAMPS), rng.choice((0, 1, 1, 2))
    told = n_ids == 2 or rng.random() < 0.8
    names = _texts(rng, n_ids + 4, told and rng.random() < 0.5, strip=True)
    id_cols, time_col, targets = names[:n_ids], names[n_ids], names[n_ids + 1 : n_ids + 2 + rng.randrange(2)]
    keys = _keys(rng, n_ids, told)
    length = rng.randint(12, 30)
    decimal, delimiter, options = _dialect(rng)
    content: Content = {}
    rows: list[list[str]] = []
    for key in keys:
        for step in _steps(rng, length):
            moment = np.datetime64(stamped.start) + step * stamped.step
            cells = [*key, stamped.write(moment)]
            for target in targets:
                text = "" if step in (0, length - 1) else rng.choice(MISSING)
                if step in (0, length - 1) or rng.random() > 0.05:
                    text = _number(rng)
                    series = (*key, target) if len(targets) > 1 else key
                    content[(series, str(moment.astype("datetime64[us]")))] = repr(float(text))
                cells.append(text.replace(".", decimal))
            rows.append(cells)
    columns = [*id_cols, time_col, *targets]
    if told:
        options |= {"time_col": time_col, "id_cols": tuple(id_cols), "target_cols": tuple(targets)}
        order = rng.sample(range(len(columns)), len(columns))
        columns, rows = [columns[place] for place in order], [[row[place] for place in order] for row in rows]
    if rng.random() < 0.2:
        rng.shuffle(rows)
    if stamped.date_format:
        options["date_format"] = stamped.date_format
    return Case(_file(rng, [columns, *rows], delimiter, options), options, content, len(rows))


def _texts(rng: random.Random, count: int, odd: bool, *, strip: bool = False) -> list[str]:
    """Texts that differ, each with a letter in it."""
    found: list[str] = []
    while len(found) < count:
        alphabet = LETTERS + ODD if odd else LETTERS[:6]
        text = "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 8)))
        text = f"{text}{'q' if odd else rng.choice('qrstuvw')}{rng.choice(alphabet)}"
        text = text.strip().removeprefix("\ufeff").strip() if strip else text
        if text not in found:
            found.append(text)
    return found


def _keys(rng: random.Random, n_ids: int, told: bool) -> list[tuple[str, ...]]:
    """Ids of the series; those that look like numbers or missing values only where the columns are named."""
    if n_ids == 0:
        return [()]
    pool = _texts(rng, 3, rng.random() < 0.7)
    if told:
        pool += rng.sample(["007", "7", "07", "1e5", "NA", "null", "-", "2024-01-01", " 7", "9007199254740993"], 3)
    keys = {tuple(rng.choice(pool) for _ in range(n_ids)) for _ in range(rng.randint(2, 4))}
    while len(keys) < 2:
        keys.add(tuple(rng.choice(pool) for _ in range(n_ids)))
    return sorted(keys)


def _steps(rng: random.Random, length: int) -> list[int]:
    """From the first to the last, at times with one left out."""
    gap = rng.randint(1, length - 2) if rng.random() < 0.3 else -1
    return [step for step in range(length) if step != gap]


def _number(rng: random.Random) -> str:
    """A number, written in one of the ways that Python reads."""
    value = rng.gauss(0, 1) * 10.0 ** rng.randint(-12, 12)
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"{rng.gauss(50, 20):.{rng.randint(0, 6)}f}",
        lambda: repr(value),
        lambda: f"{value:.{rng.randint(0, 20)}e}",
        lambda: f"{value:+.{rng.randint(1, 25)}f}",
        lambda: str(rng.randint(-(10**6), 10**6)),
        lambda: str(rng.randint(0, 10**18)),
        lambda: rng.choice(("0", "-0.0", ".5", "5.", "007", "1e-320", "2.5E+3", "1e18")),
    )
    return rng.choice(ways)()


def _dialect(rng: random.Random) -> tuple[str, str, dict[str, Any]]:
    """Decimal mark, delimiter, and what the reader is told of them."""
    delimiter, decimal = rng.choice(",,;\t|"), rng.choice("...,")
    options: dict[str, Any] = {}
    if rng.random() < 0.3:
        options["delimiter"] = delimiter
    if rng.random() < 0.3 or (delimiter == decimal):
        options["decimal"] = decimal
    return decimal, delimiter, options


def _file(rng: random.Random, table: list[list[str]], delimiter: str, options: dict[str, Any]) -> bytes:
    """The bytes of a file; how it is encoded may be among the options."""
    ends = rng.choice((("\n",), ("\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")))
    quoted = rng.choice((0.0, 0.0, 0.2, 1.0))
    lines = [delimiter.join(_cell(rng, cell, delimiter, quoted) for cell in row) + rng.choice(ends) for row in table]
    text = "".join(lines)
    if rng.random() < 0.1 and len(ends) == 1:
        text = text.removesuffix(ends[0])
    if rng.random() < 0.1:
        text += ends[0] * 2
    if rng.random() < 0.1:
        text, options["skip_rows"] = f"a report{ends[0]}of {delimiter} somebody{ends[0]}{text}", 2
    data = _encoded(rng, text, options)
    return gzip.compress(data, 1) if rng.random() < 0.1 else data


def _encoded(rng: random.Random, text: str, options: dict[str, Any]) -> bytes:
    encoding = rng.choice(("utf-8",) * 5 + ("utf-8-sig", "utf-16", "utf-32", "utf-16-be", "latin-1", "cp1252"))
    if encoding in ("utf-16-be", "latin-1", "cp1252"):
        try:
            data = text.encode(encoding)
        except UnicodeEncodeError:
            return text.encode()
        options["encoding"] = encoding
        return data
    return text.encode(encoding)


def _cell(rng: random.Random, text: str, delimiter: str, quoted: float) -> str:
    if rng.random() < quoted or any(character in text for character in f'"\r\n{delimiter}'):
        return '"' + text.replace('"', '""') + '"'
    return text
