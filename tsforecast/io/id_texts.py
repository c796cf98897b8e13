"""The texts of an id column: what cannot name a series, and names that only look the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from tsforecast.io.cells import Cells
from tsforecast.io.notes import Note, counted, warning
from tsforecast.io.places import Place
from tsforecast.io.tables import RawTable

LONGEST_ID = 1024


def read_ids(table: RawTable, name: str) -> tuple[Cells, list[Note]]:
    """The cells of an id column, and notes on ids that are easily mixed up.

    Raises:
        DataError: an id that is empty or longer than LONGEST_ID characters.
    """
    cells, place = table.texts(name), Place(table.file, table.lines, name)
    for number, text in enumerate(cells.texts):
        if len(text) > LONGEST_ID:
            raise place.error(
                cells.first_row(number),
                f"the id has {len(text):,} characters, at most {LONGEST_ID:,} are possible",
                hint="give the series a shorter name, or name the columns of the ids with --id-col",
            )
        if not text or text.isspace():
            raise place.error(cells.first_row(number), "the id is empty", hint="give every row the id of its series")
    notes = _twins(cells.texts, str.strip, "differ in blanks at their ends only")
    if not all(map(str.isascii, cells.texts)):
        notes += _twins(cells.texts, _composed, "look the same but differ in their Unicode form")
    return cells, notes


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _twins(texts: Sequence[str], rule: Callable[[str], str], how: str) -> list[Note]:
    """A note where a rule makes the same text of several."""
    first: dict[str, str] = {}
    twins = [(first[key], text) for text in texts if first.setdefault(key := rule(text), text) != text]
    if not twins:
        return []
    more = f" (and {counted(len(twins) - 1, 'more id')} like this)" if len(twins) > 1 else ""
    return [warning(f"the ids '{twins[0][0]}' and '{twins[0][1]}' {how}{more}: each is a series of its own")]
