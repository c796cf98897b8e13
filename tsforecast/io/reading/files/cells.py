"""Typed cells as the text of a table that the rules for text then read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

DELIMITER = ";"  # not the comma, beside which no decimal comma is looked for
_THREE_DECIMALS = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")


def number_text(text: str, decimal: str) -> str:
    """A number with its decimal mark, of which no rule can think that it parts thousands."""
    text = f"{text}0" if _THREE_DECIMALS.fullmatch(text) else text
    return text.replace(".", decimal)


def cell_text(cell: object, decimal: str) -> str:
    """The text of a typed cell on one line."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return " ".join(cell.splitlines()) if "\n" in cell or "\r" in cell else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else number_text(repr(cell), decimal)
    if isinstance(cell, datetime):
        return _stamp(cell)
    if isinstance(cell, timedelta):
        return _clock(cell)
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _stamp(moment: datetime) -> str:
    """A stamp to the millisecond: days are counted in floating point, which is no more exact."""
    moment = moment + timedelta(microseconds=500)
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return moment.isoformat(" ", "milliseconds" if moment.microsecond else "seconds")


def _clock(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    sign = "-" if seconds < 0 else ""
    return f"{sign}{abs(seconds) // 3600:02d}:{abs(seconds) // 60 % 60:02d}:{abs(seconds) % 60:02d}"


def short_days(columns: Iterable[Sequence[object]]) -> list[bool]:
    """Which columns hold dates that are all midnights."""
    return [
        all((moment.hour, moment.minute, moment.second) == (0, 0, 0) for moment in moments) if moments else False
        for moments in ([cell for cell in column if isinstance(cell, datetime)] for column in columns)
    ]


def as_text(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a delimited text, one a line; a row without cells is a blank line."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=DELIMITER, lineterminator="\n")
    for row in rows:
        if any(row):
            writer.writerow(row)
        else:
            stream.write("\n")
    return stream.getvalue().encode("utf-8", "replace")
