"""The ways to read a table that were weighed, with the evidence for each: what `describe --explain` shows."""

from __future__ import annotations

from dataclasses import replace

from tsforecast.io.messages import Candidate, listed
from tsforecast.io.reading.columns.roles import DATES, Roles
from tsforecast.io.reading.numbers import NumberFormat
from tsforecast.io.reading.table import RawTable
from tsforecast.io.reading.text.sniff import TextFormat
from tsforecast.io.times.notation import plain


def considered(table: RawTable, roles: Roles) -> tuple[Candidate, ...]:
    """All readings of the layout, the numbers, the time and the ids, those that were taken and those that were not."""
    around = (Candidate("layout", note.text, "", True) for note in table.notes if note.about == "left out")
    return (*table.dialects, *around, *_numbers(table, roles.number_format), *_times(roles), *_ids(roles))


def with_marks(text: TextFormat, numbers: NumberFormat) -> TextFormat:
    """How a text is written, with the marks that its columns show."""
    return replace(text, decimal=numbers.decimal, thousands=numbers.thousands)


def _numbers(table: RawTable, found: NumberFormat) -> list[Candidate]:
    if table.text_format is None:
        return []
    before = table.number_format
    named = [(before, found == before)] if found == before else [(before, False), (found, True)]
    if found != before:
        evidence = ["some cells do not fit", "some cells can be read in no other way"]
    elif table.decimal_is_given:
        evidence = ["as was asked for"]
    else:
        shown = "some number shows that the mark parts decimals"
        evidence = [shown if table.decimal_is_certain else "no number has a mark that says otherwise"]
    return [
        Candidate("numbers", f"decimals after {marks.decimal}, thousands {_parted(marks)}", why, taken)
        for (marks, taken), why in zip(named, evidence, strict=True)
    ]


def _parted(marks: NumberFormat) -> str:
    return f"parted by {marks.thousands!r}" if marks.thousands else "not parted"


def _times(roles: Roles) -> list[Candidate]:
    named = " and ".join(f"'{name}'" for name in roles.time_cols)
    found = list(roles.stamps.readings)
    if not found:
        formats = ", ".join(map(plain, roles.stamps.time_formats))
        found = [Candidate("time", f"{named} as {formats}", "a time in every row", True)]
    others = [name for name, why in roles.unused.items() if why == DATES]
    return [
        *found,
        *(Candidate("time", f"'{name}'", f"holds dates as well; {named} stands first", False) for name in others),
    ]


def _ids(roles: Roles) -> list[Candidate]:
    """The sets of columns that may name the series; the texts under which times repeat are not weighed, but taken."""
    weighed = [
        Candidate(
            "ids",
            listed(reading.id_cols) if reading.id_cols else "one series",
            f"{reading.why.removeprefix(listed(reading.id_cols)).strip()}, evenness {reading.score:.2f}"
            if reading.id_cols
            else f"evenness {reading.score:.2f}",
            reading.id_cols == roles.id_cols,
        )
        for reading in roles.readings
    ]
    if any(candidate.taken for candidate in weighed):
        return weighed
    if not roles.id_cols:
        return [*weighed, Candidate("ids", "one series", "no time repeats, but for mistakes", True)]
    return [*weighed, Candidate("ids", listed(roles.id_cols), "times repeat, but not within these", True)]
