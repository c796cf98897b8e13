"""What is read of the covariates and of the calendar: what makes a linear model err less, by more than chance.

Of the columns, the holidays and the calendar the one that brings most is read, under the strength of the ridge that
suits it, then the next beside it, and so on, as long as a paired test on windows of many stretches of the past
(rolling_linear.py) says that the gain is no chance. What is not read has no influence on any model. Where windows are
many, networks also read the rest of what is known ahead, unless nothing helps: they learn what it is worth, also where
no linear model can use it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.fitting.paired_test import LEVEL
from tsforecast.fitting.plan import ALL_READ, Brought, Choice, FixedChoices, Unread
from tsforecast.fitting.quick_linear import MANY_WINDOWS, Space
from tsforecast.fitting.rolling_linear import RollingLinear
from tsforecast.fitting.tried_calendars import tried_calendars
from tsforecast.models.network.config import Inputs
from tsforecast.models.options import FitOptions
from tsforecast.models.spec import NO_INPUTS
from tsforecast.models.training.config import AUTO
from tsforecast.series.calendar_features import calendar_width
from tsforecast.series.covariates import Covariates
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.split import Split
from tsforecast.series.windows import NO_CALENDAR, Calendar

# Strengths of the ridge that are tried: a useful holiday needs a small one, a dozen noisy columns a large one.
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
_MOST_APART = 8  # columns that are looked at one by one; of more, all of a role together
_ROLES = {"past": "known up to now", "future": "known ahead"}  # a linear model reads no numbers of series
_PAST, _HOLIDAYS, _CALENDAR = "past", "holidays", "calendar"
_NO_USE = 1e12  # strength of the ridge for what a linear model is not to use


@dataclass(frozen=True)
class KnownBesides:
    """What models read besides the series.

    Args:
        inputs: covariates and calendar, as a linear model or a network reads them.
        calendar: features of the calendar.
        help: whether a linear model errs less with them.
        choices: what was decided, and why.
        brought: what each of them brings.
        strengths: of the ridge, for each column and the calendar; empty where none is read.
        unread: columns that are not read though others of their table are.
    """

    inputs: Inputs = NO_INPUTS
    calendar: Calendar = NO_CALENDAR
    help: bool = False
    choices: tuple[Choice, ...] = ()
    brought: tuple[Brought, ...] = ()
    strengths: tuple[float, ...] = ()
    unread: Unread = ALL_READ


NOTHING_BESIDES = KnownBesides()


@dataclass(frozen=True)
class Part:
    """Columns that are read together or not at all.

    Args:
        kind: `past`, `future`, `holidays` or `calendar`.
        name: of the column, or how many they are; the kind for the last two.
        role: what they are, in words.
        numbers: of the columns, as `column_numbers` counts them.
    """

    kind: str
    name: str
    role: str
    numbers: tuple[int, ...]


def inputs_of(covariates: Covariates, calendar: Calendar) -> Inputs:
    """All that can be read but the categories."""
    ahead, names = covariates.future.shape[1] + calendar.width, calendar_width(calendar.names)
    return Inputs(covariates.past.shape[1] + ahead, ahead, covariates.static.shape[1], calendar=names)


def choose_covariates(
    panel: Panel,
    split: Split,
    basics: FixedChoices,
    options: FitOptions,
    space: Space,
    schema: Schema | None,
    windows: int = 0,
) -> KnownBesides:
    """What to read besides the series, of what was named and of the calendar.

    Args:
        panel: the series, with their covariates.
        split: the held-out parts.
        basics: season and horizon.
        options: what the user decided.
        space: under what to compare.
        schema: names of the columns, and the time zone; None for numbers in place of names.
        windows: that networks learn from; 0 where there are no networks.
    """
    known, calendars = panel.covariates, tried_calendars(options, panel, schema)
    inputs = inputs_of(known, calendars[0])
    if not inputs.past:
        return NOTHING_BESIDES if known.absent else KnownBesides(inputs)
    tried = [_try(panel, split, basics, space, schema, calendar) for calendar in calendars]
    best = min(tried, key=lambda one: one.error)
    alone = known.absent and not best.calendar.holiday_width and options.calendar == AUTO
    if alone and not best.read:
        return NOTHING_BESIDES  # nobody asked
    if not best.rolling.can_tell:
        choice = Choice("covariates", "not read", "too few rows to tell whether they help")
        return _read(known, best.calendar, {}, (choice,))
    reason, given = _reason(best), best.read
    if best.read and windows >= MANY_WINDOWS:
        given = best.read | {part: _NO_USE for part in best.parts if part.kind != _PAST and part not in best.read}
    if more := [part for part in given if part not in best.read]:
        reason += f"; networks read {_listed(more)} all the same, as {windows:,} training windows tell what it is worth"
    choice = Choice("calendar" if alone else "covariates", "used" if best.read else "not read", reason)
    return replace(_read(known, best.calendar, given, (choice,)), brought=_brought(best, given))


Found = dict[Part, float]  # what is read, and how strongly the ridge holds it


@dataclass(frozen=True)
class _Tried:
    """What a linear model reads beside one calendar.

    Args:
        calendar: the holidays, and the features of the calendar.
        rolling: linear models of the past.
        parts: what could be read.
        read: what is.
        refused: by name, the chance of such a gain for each of the others.
    """

    calendar: Calendar
    rolling: RollingLinear
    parts: list[Part]
    read: Found
    refused: dict[str, float]

    @property
    def error(self) -> float:
        """Of the linear model with what it reads; infinite where that cannot be told."""
        return self.rolling.mean(_strengths(self.read)) if self.rolling.can_tell else np.inf


def _try(
    panel: Panel, split: Split, basics: FixedChoices, space: Space, schema: Schema | None, calendar: Calendar
) -> _Tried:
    """Let a linear model read what helps it beside a calendar."""
    known = panel.covariates
    rolling = RollingLinear(panel, split, basics, inputs_of(known, calendar), calendar, space)
    parts = _parts(known, calendar, schema)
    return _Tried(calendar, rolling, parts, *(_forward(rolling, parts) if rolling.can_tell else ({}, {})))


def _parts(known: Covariates, calendar: Calendar, schema: Schema | None) -> list[Part]:
    """What is read or not: columns, or all of a role where they are many, the holidays and the calendar."""
    parts, first = [], 0
    widths = {role: getattr(known, role).shape[1] for role in _ROLES}
    for role, words in _ROLES.items():
        numbers = range(first, first + widths[role])
        names = getattr(schema, f"{role}_cols") if schema else [f"{role} {i + 1}" for i in range(widths[role])]
        if sum(widths.values()) > _MOST_APART and widths[role] > 1:
            parts.append(Part(role, f"{widths[role]} columns", words, tuple(numbers)))
        else:
            parts += [Part(role, name, words, (number,)) for name, number in zip(names, numbers, strict=True)]
        first += widths[role]
    if calendar.holiday_width:
        parts.append(Part(_HOLIDAYS, _HOLIDAYS, _ROLES["future"], tuple(range(first, first + calendar.holiday_width))))
    if calendar.names:
        parts.append(Part(_CALENDAR, _CALENDAR, ", ".join(calendar.names), (first + calendar.holiday_width,)))
    return parts


def _strengths(found: Found) -> dict[int, float]:
    return {number: strength for part, strength in found.items() for number in part.numbers}


def _with(rolling: RollingLinear, read: Found, part: Part) -> Found:
    """What is read, and a part beside it under the strength that suits it."""
    tried = [{**read, part: strength} for strength in _STRENGTHS]
    return min(tried, key=lambda found: rolling.mean(_strengths(found)))


def _forward(rolling: RollingLinear, parts: list[Part]) -> tuple[Found, dict[str, float]]:
    """What is read, the most useful first, and by name the chance of such a gain for each of the others."""
    read: Found = {}
    while left := [part for part in parts if part not in read]:
        wider = {part: _with(rolling, read, part) for part in left}
        chance = {part: rolling.p_value(_strengths(read), _strengths(wider[part])) for part in left}
        best = min(left, key=lambda part: rolling.mean(_strengths(wider[part])))
        if chance[best] >= LEVEL:
            return read, {part.name: chance[part] for part in left}
        read = wider[best]
        # Beside others a part may have more to say, and is held less.
        for part in list(read)[:-1]:
            read = _with(rolling, read, part)
    return read, {}


def _reason(tried: _Tried) -> str:
    """What a linear model errs with and without, and why the rest is not read."""
    rolling, read, refused = tried.rolling, tried.read, tried.refused
    error, without = rolling.mean(_strengths(read)), rolling.mean({})
    told = []
    if read:
        p_value = rolling.p_value({}, _strengths(read))
        told.append(
            f"a linear model errs {error:.3g} with {_listed(read)}, {without:.3g} without ({_in_words(p_value)})"
        )
    if refused:
        chances = ", ".join(f"{name} ({_in_words(chance)})" for name, chance in refused.items())
        told.append(f"{'not read, as what it brings besides' if read else 'what they bring'} may be chance: {chances}")
    return "; ".join(told)


def _in_words(p_value: float) -> str:
    return f"p {p_value:.2g}" if p_value >= 0.001 else "p < 0.001"


def _listed(parts: Iterable[Part]) -> str:
    words = {_HOLIDAYS: "the holidays", _CALENDAR: "the calendar"}
    return ", ".join(
        words.get(part.kind, part.name) + (f" ({part.role})" if part.kind == _CALENDAR else "") for part in parts
    )


def _brought(tried: _Tried, given: Found) -> tuple[Brought, ...]:
    """What each part brings that is read, beside the others, and what another would bring to these.

    Args:
        tried: what the linear model reads, and what it could.
        given: what networks read.
    """
    rolling, read = tried.rolling, tried.read
    if not read:
        return ()
    with_all = rolling.mean(_strengths(read))
    rows = []
    for part in tried.parts:
        if part in read:
            without = {other: own for other, own in read.items() if other != part}
            rows.append(Brought(part.name, part.role, with_all, rolling.mean(_strengths(without))))
        else:
            error = rolling.mean(_strengths(_with(rolling, read, part)))
            unread = "read by networks alone" if part in given else "not read"
            rows.append(Brought(part.name, f"{part.role}; {unread}", error, with_all))
    first = Brought("all", "", with_all, rolling.mean({}))
    return (first, *rows) if len(rows) > 1 else tuple(rows)


def _read(known: Covariates, calendar: Calendar, read: Found, choices: tuple[Choice, ...]) -> KnownBesides:
    """What models are given: the columns stay where they are, and those that are not read count as zero."""
    n_past, n_future = known.past.shape[1], known.future.shape[1]
    strengths = _strengths(read)
    held = {part.kind: strength for part, strength in read.items()}
    if _HOLIDAYS not in held:
        calendar = replace(calendar, holidays=(), holidays_from=None, around=0)
    if _CALENDAR not in held:
        calendar = replace(calendar, names=())
    calendar = calendar if calendar.width else NO_CALENDAR
    if not read:
        return KnownBesides(Inputs(static=known.static.shape[1]), calendar, False, choices)
    unread = [number for number in range(n_past + n_future) if number not in strengths]
    of_columns = [strengths.get(number, 1.0) for number in range(n_past + n_future)]
    of_columns += [held.get(_HOLIDAYS, 1.0)] * calendar.holiday_width
    return KnownBesides(
        inputs=inputs_of(known, calendar),
        calendar=calendar,
        help=True,
        choices=choices,
        strengths=(*of_columns, held.get(_CALENDAR, 1.0)),
        unread=(
            tuple(number for number in unread if number < n_past),
            tuple(number - n_past for number in unread if number >= n_past),
        ),
    )


def refuse_covariates(problem: str, inputs: Inputs) -> OptionError:
    """The error of settings that covariates cannot go with."""
    if inputs.past > inputs.future:
        return OptionError(problem, hint="use --strategy direct, or name no column with --past-col")
    return OptionError(problem, hint="give the network more --units, or use --covariates none")
