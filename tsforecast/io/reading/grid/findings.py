"""What is worth saying about a panel: what was cut off, filled or assumed, and series unlike the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import Note, counted, listed, warning
from tsforecast.io.options import FillRule
from tsforecast.io.reading.grid.advice import ZERO_HINT, are_counts
from tsforecast.series.frequency import DAY, EPOCH_WEEKDAY, Ordinals, default_horizon, weekdays_in_words
from tsforecast.series.panel import Panel

_MUCH_MISSING = 0.05
_SPARSE = 0.2
_SHOWN_SHARE = 0.001
_MOST_NAMED = 20
_FILL_WORDS = {
    "seasonal": "from earlier values by the seasonal rule",
    "previous": "with the value before",
}

# A weekday on which a series hardly ever has a value is none of its days where the others nearly always have one.
_CLOSED_SHARE, _OPEN_SHARE = 0.05, 0.8
_FEWEST_CLOSED = 3


@dataclass(frozen=True)
class Extents:
    """From where to where each series has values; one entry per series that has any, shape (n_series,)."""

    series: NDArray[np.int64]  # number of the series
    starts: Ordinals  # ordinal of the first value
    lengths: NDArray[np.int64]  # steps from the first value to the last, both counted
    observed: NDArray[np.int64]  # values among them
    trimmed: NDArray[np.int64]  # rows without a value before the first and after the last

    @property
    def missing(self) -> NDArray[np.int64]:
        """Steps without a value within each series."""
        return self.lengths - self.observed


def findings(panel: Panel, extents: Extents, rule: FillRule) -> list[Note]:
    """Notes on a panel whose gaps were filled by a rule; `extents` are those of its series."""
    return [
        *_trimmed(extents),
        *_lonely(panel, extents),
        *_filled(panel, extents, rule),
        *_closed_days(panel),
        *_ends_early(panel),
        *_constant(panel),
    ]


def _trimmed(extents: Extents) -> list[Note]:
    trimmed = int(extents.trimmed.sum())
    if not trimmed:
        return []
    where = "the series"
    if extents.series.size > 1:
        where = counted(int((extents.trimmed > 0).sum()), "series", "series")
    return [warning(f"{counted(trimmed, 'missing value')} at the start or end of {where} cut off", "left out")]


def _lonely(panel: Panel, extents: Extents) -> list[Note]:
    """A misspelt id makes a series of its own: series of one value among longer ones are spoken of."""
    alone = np.flatnonzero(extents.observed == 1)
    if not alone.size or alone.size == extents.series.size:
        return []
    first = panel.label(int(alone[0]))
    return [warning(f"{counted(alone.size, 'series', 'series')} of a single value, the first is '{first}'")]


def _filled(panel: Panel, extents: Extents, rule: FillRule) -> list[Note]:
    missing, total = int(extents.missing.sum()), int(extents.lengths.sum())
    if not missing:
        return []
    share = f"{missing / total:.1%}" if missing >= _SHOWN_SHARE * total else f"under {_SHOWN_SHARE:.1%}"
    much = missing > _MUCH_MISSING * total
    if rule == "zero":
        text = f"{missing:,} of {total:,} values ({share}) missing: taken as observed zeros, trained on and scored"
    else:
        text = f"{missing:,} of {total:,} values ({share}) missing: filled {_FILL_WORDS[rule]}"
    if much and panel.n_series > 1:
        shares = extents.missing / extents.lengths
        worst = int(np.argmax(shares))
        text += f"; most are missing in '{panel.label(worst)}' ({shares[worst]:.0%})"
    if missing > _SPARSE * total and rule != "zero" and are_counts(panel.values[panel.observed], least=1):
        text += f"; {ZERO_HINT}"
    return [warning(text)]


def _closed_days(panel: Panel) -> list[Note]:
    """Name series with days on which they hardly ever have a value: what was filled there may be no gap."""
    frequency = panel.frequency
    if frequency.kind != "fixed" or frequency.step != DAY or panel.observed.all():
        return []
    owner = panel.series_of_row
    ordinals = np.arange(owner.size) - panel.offsets[owner] + panel.starts[owner]
    cells = owner * 7 + (ordinals + EPOCH_WEEKDAY) % 7
    size = (panel.n_series, 7)
    total = np.bincount(cells, minlength=panel.n_series * 7).reshape(size)
    seen = np.bincount(cells, weights=panel.observed, minlength=panel.n_series * 7).reshape(size)
    closed = (total >= _FEWEST_CLOSED) & (seen <= _CLOSED_SHARE * total)
    is_open = seen >= _OPEN_SHARE * total
    found = np.flatnonzero(closed.any(axis=1) & (closed | is_open).all(axis=1))
    if not found.size:
        return []
    first = int(found[0])
    days = weekdays_in_words(tuple(np.flatnonzero(closed[first]).tolist()))
    whose = f"'{panel.label(first)}' has" if panel.n_series > 1 else "the table has"
    more = f", and {counted(found.size - 1, 'more series', 'more series')} like it" if found.size > 1 else ""
    text = f"{whose} hardly any value on {days}{more}: these days are filled and forecast like others"
    return [warning(f"{text}; if nothing happens on them, add --fill-gaps zero")]


def _ends_early(panel: Panel) -> list[Note]:
    """Name series that end well before the newest: their forecasts are of a time long past."""
    behind = panel.ends.max() - panel.ends
    early = np.flatnonzero(behind >= default_horizon(panel.frequency))
    if not early.size:
        return []
    first = int(early[np.argmax(behind[early])])
    steps = f"'{panel.label(first)}' {counted(int(behind[first]), 'step')} before it"
    if early.size == 1:
        return [warning(f"1 series ends well before the newest: {steps}; its forecast begins at its own end")]
    text = f"{early.size:,} series end well before the newest, the first of them {steps}"
    return [warning(f"{text}; each forecast begins at the end of its series")]


def _constant(panel: Panel) -> list[Note]:
    """A series that never changes is forecast as it is, but is seldom what was meant."""
    lows, highs = (edge.reduceat(panel.values, panel.offsets[:-1]) for edge in (np.minimum, np.maximum))
    constant = np.flatnonzero((lows == highs) & (panel.lengths > 1))
    if not constant.size:
        return []
    if panel.n_series == 1:
        return [warning("the values never change: the forecast will not either")]
    names = listed([panel.label(number) for number in constant[:_MOST_NAMED]], _MOST_NAMED)
    more = f" and {constant.size - _MOST_NAMED:,} more" if constant.size > _MOST_NAMED else ""
    return [warning(f"{counted(constant.size, 'series', 'series')} never change: {names}{more}")]
