"""Marks of winter and summer time behind the clock: `15-05-2018 00:00 DST`, `2023-01-01 00:00 CET`.

They tell the two hours apart that are repeated where clocks go back. In a format they are `%{ CET| CEST}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.column import Column
from tsforecast.io.messages import Note, Place, info, warning
from tsforecast.io.times.zones import (
    CHANGES,
    MARK,
    MARK_NAMES,
    MARKED_ZONES,
    offset_name,
    to_instants,
    to_wall,
    winter_offset,
)
from tsforecast.series.frequency import Stamps

_WINTER, _SUMMER = frozenset({"ST", "STD", ""}), "DST"  # of no zone
_HOUR = np.timedelta64(1, "h")
_NAME_IT = "name the zone of the times with --tz, such as --tz Europe/Berlin"


@dataclass(frozen=True, eq=False)
class Marks:
    """Texts and their marks."""

    texts: list[str]  # without the marks
    summer: NDArray[np.bool_]  # which have the mark of summer time, shape (texts,)
    names: tuple[str, str]  # the marks of winter and summer, as they are written
    zone: str  # that the marks name; empty where they do not
    offset: np.timedelta64  # of its winter time

    @property
    def one_kind(self) -> bool:
        """Whether all texts have the same mark."""
        return bool(self.summer.all() or not self.summer.any())


@dataclass(frozen=True, eq=False)
class Told:
    """What the marks tell of some times: as in `ParsedStamps`, and how the marks are written."""

    instants: Stamps | None
    zone: str | None
    names: tuple[str, str]
    notes: tuple[Note, ...]


def without_marks(texts: Sequence[str], fitted: str = "") -> Marks | None:
    """Texts without the marks of winter and summer time; None where they have none, or those of several zones.

    GMT alone is UTC, but for data of a model whose format `fitted` has it as a mark.
    """
    joined = "\0".join(texts)
    if not any(f" {name}" in joined for name in MARK_NAMES):
        return None
    found = [MARK.search(text) for text in texts]
    if not any(found):
        return None
    marks = [match[0] if match else "" for match in found]
    kinds = {mark.strip() for mark in marks}
    plain = [text.replace(mark, "", 1) if mark else text for text, mark in zip(texts, marks, strict=True)]
    for winter, summer, zone, minutes in MARKED_ZONES:
        if kinds <= {winter, summer} and (kinds != {"GMT"} or "GMT|" in fitted):
            late = np.array([mark.strip() == summer for mark in marks], dtype=bool)
            return Marks(plain, late, (f" {winter}", f" {summer}"), zone, np.timedelta64(minutes, "m"))
    if kinds <= {*_WINTER, _SUMMER} and len(kinds) <= len((_WINTER, _SUMMER)):
        late = np.array([mark.strip() == _SUMMER for mark in marks], dtype=bool)
        winter = next((mark for mark in marks if mark.strip() != _SUMMER), "")
        return Marks(plain, late, (winter, f" {_SUMMER}"), "", np.timedelta64(0, "m"))
    return None


def told_by_marks(wall: Stamps, marks: Marks, column: Column) -> Told:
    """What the marks of some times tell.

    Raises:
        DataError: a mark that the zone of that name does not have at that time.
    """
    same = (marks.names[int(marks.summer[0])],) * 2
    if marks.zone:
        instants = wall - marks.offset - np.where(marks.summer, _HOUR, 0 * _HOUR)
        good = to_wall(instants, marks.zone) == wall
        note = info(f"the marks of winter and summer time are read as those of {marks.zone}")
        if good.all():
            return Told(instants, marks.zone, marks.names, (note,))
        if marks.one_kind:
            return Told(instants, offset_name((wall - instants)[0]), same, ())
        at = int(np.argmin(good))
        mark = marks.names[int(marks.summer[at])].strip()
        message = f"'{marks.texts[at]}' is not {mark}: the clocks of {marks.zone} show another time then"
        raise column.error(column.texts.first_row(at), message, "write times with their offset from UTC")
    if marks.one_kind:
        said = f"all times have the mark '{same[0].strip()}': they are read as the clock shows them and written with it"
        return Told(None, None, same, (warning(f"{said}; if clocks change, name the zone with --tz"),))
    for zone in CHANGES:
        instants, good = _in_zone(wall, marks.summer, zone)
        if good.all():
            said = f"the times change their mark where the clocks of {zone} change: read as such a clock"
            return Told(instants, zone, marks.names, (warning(f"{said}; another zone is named with --tz"),))
    return Told(None, None, marks.names, ())


def instants_by_marks(
    wall: Stamps, codes: NDArray[np.int32], summer: NDArray[np.bool_], tz: str | None, place: Place
) -> Stamps | None:
    """The instants of a wall clock whose marks of summer time name no zone, in the zone `tz`; None for no change.

    Raises:
        DataError: no zone is known, or its clocks do not change where the marks do.
    """
    if tz:
        instants, good = _in_zone(wall, summer, tz)
        if good.all():
            return instants
        row = int(np.argmin(good[codes]))
        raise place.error(row, f"the clocks of {tz} do not change where the mark of summer time does", _NAME_IT)
    if summer.any() and not summer.all():
        raise place.error(0, "the times have a mark of summer time, which tells no zone that is known", _NAME_IT)
    return None


def _in_zone(wall: Stamps, summer: NDArray[np.bool_], zone: str) -> tuple[Stamps, NDArray[np.bool_]]:
    """The instants of a wall clock with marks in a zone, and whether its clocks agree with each mark."""
    first, second = to_instants(wall, zone), to_instants(wall, zone, second=True)
    early, late = (wall - instants > winter_offset(zone) for instants in (first, second))
    instants = np.where(early == summer, first, second)
    return instants, ((early == summer) | (late == summer)) & (to_wall(instants, zone) == wall)


def marked_format(text_format: str, names: tuple[str, str]) -> str:
    """A format with the marks behind the clock."""
    return re.sub("( %Y)?$", lambda found: f"%{{{'|'.join(names)}}}{found[1] or ''}", text_format, count=1)
