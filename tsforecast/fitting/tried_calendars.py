"""Which calendars a fit tries: the one that was asked for, or those that may help, by the frequency and the rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.models.options import FitOptions
from tsforecast.models.training.config import AUTO
from tsforecast.series.calendar_features import check_calendar, usual_calendar
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.windows import Calendar

_THREE_YEARS = 3 * 365
_SMOOTH, _FINE = "day-of-year", "time-of-year"  # two ways to tell where in the year a step lies


def tried_calendars(options: FitOptions, panel: Panel, schema: Schema | None) -> tuple[Calendar, ...]:
    """The holidays with the features asked for, or with each set of features to try; one at least.

    Args:
        options: what the user decided.
        panel: the series, with their covariates.
        schema: names of the columns, and the time zone; None where holidays and time zone are not known.

    Raises:
        OptionError: an unknown feature.
    """
    calendar = Calendar()
    if schema is not None:
        column = schema.category_cols.index(schema.holidays_col) if schema.holidays_col else None
        around = schema.holidays_around if schema.holidays or column is not None else 0
        calendar = Calendar((), schema.time_zone, schema.holidays, column, around)
    if options.calendar == AUTO:
        tried = _to_try(panel, alone=panel.covariates.absent and not calendar.width)
    else:
        names = tuple(dict.fromkeys(name.strip() for name in options.calendar.split(",")))
        tried = [() if names == ("none",) else names]
        check_calendar(tried[0])
    found = [replace(calendar, names=names) for names in tried]
    return tuple(each if each.width else Calendar() for each in found)


def _to_try(panel: Panel, *, alone: bool) -> list[tuple[str, ...]]:
    """The usual features, with each way to tell the time of the year where steps are short and rows long enough.

    Beside nothing else that is all there is to try: the day and the week a window shows itself, and windows of months
    show the year too. About two of three years are left to learn from, so that models see each day of the year twice;
    with fewer all is a guess.
    """
    usual = usual_calendar(panel.frequency)
    others = () if alone else tuple(name for name in usual if name != _SMOOTH)
    if _SMOOTH not in usual or not _long(panel):
        return [others]
    return [(*others, way) for way in (_SMOOTH, _FINE)]


def _long(panel: Panel) -> bool:
    """Whether the longest series spans three years."""
    longest = int(np.argmax(panel.lengths))
    edges = panel.starts[longest] + np.array([0, panel.lengths[longest]])
    begin, end = panel.frequency.stamps(edges).astype("datetime64[D]")
    return bool(end - begin >= np.timedelta64(_THREE_YEARS, "D"))
