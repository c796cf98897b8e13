"""Whether covariates and the calendar help, and what each of them brings: by the validation error of a linear model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.errors import OptionError
from tsforecast.fitting.plan import CLEARLY, Brought, Choice, FixedChoices
from tsforecast.fitting.quick_linear import QuickLinear
from tsforecast.models.network.config import Inputs
from tsforecast.models.options import FitOptions
from tsforecast.models.spec import NO_INPUTS
from tsforecast.models.training.config import AUTO
from tsforecast.series.calendar_features import calendar_width, check_calendar, usual_calendar
from tsforecast.series.covariates import Covariates
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.split import Split
from tsforecast.series.windows import NO_CALENDAR, Calendar

_MOST_COMPARED = 8  # columns of which each is left out once; of more, all of a role together
_ROLES = {"past": "known up to now", "future": "known ahead"}  # a linear model reads no numbers of series


@dataclass(frozen=True)
class KnownBesides:
    """What models can read besides the series.

    Args:
        inputs: all covariates and the calendar, as a linear model or a network reads them.
        calendar: features of the calendar.
        help: whether a linear model errs less with them.
        choices: what was decided, and why.
        brought: what each of them brings.
    """

    inputs: Inputs = NO_INPUTS
    calendar: Calendar = NO_CALENDAR
    help: bool = False
    choices: tuple[Choice, ...] = ()
    brought: tuple[Brought, ...] = ()


NOTHING_BESIDES = KnownBesides()


@dataclass(frozen=True)
class Space:
    """Under what linear models are compared."""

    lookback: int
    log: str
    normalisation: str


def inputs_of(covariates: Covariates, calendar: Calendar) -> Inputs:
    """All that can be read but the categories."""
    ahead, names = covariates.future.shape[1] + calendar.width, calendar_width(calendar.names)
    return Inputs(covariates.past.shape[1] + ahead, ahead, covariates.static.shape[1], calendar=names)


def asked_calendar(options: FitOptions, panel: Panel, schema: Schema | None) -> Calendar:
    """The holidays, and the features asked for, or those to try; beside nothing else none are tried.

    Raises:
        OptionError: an unknown feature.
    """
    calendar = NO_CALENDAR
    if schema is not None:
        column = schema.category_cols.index(schema.holidays_col) if schema.holidays_col else None
        around = schema.holidays_around if schema.holidays or column is not None else 0
        calendar = Calendar((), schema.time_zone, schema.holidays, column, around)
    if options.calendar == AUTO:
        tried = not panel.covariates.absent or calendar.width
        return replace(calendar, names=usual_calendar(panel.frequency)) if tried else NO_CALENDAR
    names = tuple(dict.fromkeys(name.strip() for name in options.calendar.split(",")))
    names = () if names == ("none",) else names
    check_calendar(names)
    return replace(calendar, names=names) if names or calendar.width else NO_CALENDAR


def choose_covariates(
    panel: Panel, split: Split, basics: FixedChoices, options: FitOptions, space: Space, schema: Schema | None
) -> KnownBesides:
    """What to read besides the series: what was asked for, and of the calendar what helps.

    Args:
        panel: the series, with their covariates.
        split: the held-out parts.
        basics: season and horizon.
        options: what the user decided.
        space: under what to compare.
        schema: names of the columns, and the time zone; None for numbers in place of names.
    """
    known, calendar = panel.covariates, asked_calendar(options, panel, schema)
    if known.absent and not calendar.width:
        return NOTHING_BESIDES

    def error(calendar: Calendar, covariates: Covariates) -> float:
        some = replace(panel, covariates=covariates)
        quick = QuickLinear(some, split, basics, inputs_of(covariates, calendar), calendar)
        return quick.error(space.lookback, space.log, space.normalisation)

    nothing = replace(known, past=known.past[:, :0], future=known.future[:, :0], static=known.static[:, :0])
    with_all, without_any = error(calendar, known), error(NO_CALENDAR, nothing)
    choices = []
    if options.calendar == AUTO and calendar.names:
        unnamed, names = replace(calendar, names=()), ", ".join(calendar.names)
        without = error(unnamed, known)
        told = f"linear validation error {with_all:.3g} with {names}, {without:.3g} without"
        clearly = with_all < without * (1 - CLEARLY)
        choices.append(Choice("calendar", names if clearly else "none", told))
        if not clearly:
            calendar, with_all = unnamed if unnamed.width else NO_CALENDAR, without
    inputs = inputs_of(known, calendar)
    if not inputs.past:
        return KnownBesides(inputs, calendar, False, tuple(choices))
    if not np.isfinite([with_all, without_any]).all():
        choices.append(Choice("covariates", "tried", "too few rows to tell whether they help"))
        return KnownBesides(inputs, calendar, False, tuple(choices))
    each = [
        Brought(name, role, with_all, error(less, others))
        for name, role, less, others in _one_less(known, calendar, schema)
    ]
    told = f"linear validation error {with_all:.3g} with them, {without_any:.3g} without"
    shown = [f"{one.name} {one.error_without:.3g}" for one in each if one.name != "calendar"]
    told += f"; without {', '.join(shown)}" if len(shown) > 1 else ""
    helps = with_all < without_any * (1 - CLEARLY)
    choices.append(Choice("covariates", "used" if helps else "tried", told))
    together = [Brought("all", "", with_all, without_any)] if len(each) > 1 else []
    return KnownBesides(inputs, calendar, helps, tuple(choices), (*together, *each))


def _one_less(
    known: Covariates, calendar: Calendar, schema: Schema | None
) -> Iterator[tuple[str, str, Calendar, Covariates]]:
    """Name and role of each column over time, of the holidays and of the calendar, and all that is known without."""
    widths = {role: getattr(known, role).shape[1] for role in _ROLES}
    for role, words in _ROLES.items():
        columns = getattr(known, role)
        if sum(widths.values()) > _MOST_COMPARED and widths[role] > 1:
            yield f"{widths[role]} columns", words, calendar, replace(known, **{role: columns[:, :0]})
            continue
        names = getattr(schema, f"{role}_cols") if schema else [f"{role} {i + 1}" for i in range(widths[role])]
        for number, name in enumerate(names):
            yield name, words, calendar, replace(known, **{role: np.delete(columns, number, axis=1)})
    if calendar.holiday_width:
        yield "holidays", _ROLES["future"], replace(calendar, holidays=(), holidays_from=None), known
    if calendar.names:
        yield "calendar", ", ".join(calendar.names), replace(calendar, names=()), known


def refuse_covariates(problem: str, inputs: Inputs) -> OptionError:
    """The error of settings that covariates cannot go with."""
    if inputs.past > inputs.future:
        return OptionError(problem, hint="use --strategy direct, or name no column with --past-col")
    return OptionError(problem, hint="give the network more --units, or use --covariates none")
