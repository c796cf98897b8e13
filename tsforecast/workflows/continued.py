"""The rows that a forecast continues: kept with the model, or of a newer table joined to these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.io.messages import Note, counted
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.series.scaling import scaling_of_rows
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import ModelRows, model_rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.joined_rows import join_rows
from tsforecast.workflows.named import numbers_of

if TYPE_CHECKING:
    from tsforecast.io.options import FillRule
    from tsforecast.io.reading.panel import ReadResult


@dataclass(frozen=True)
class Continued:
    """The rows before a forecast.

    Args:
        recent: as they were read.
        known: the same rows as the model sees them.
        notes: what was found in them.
    """

    recent: Panel
    known: ModelRows
    notes: tuple[Note, ...] = ()

    def of_series(self, names: Sequence[str]) -> Continued:
        """The rows of the series that are named, of all series without a name.

        Raises:
            OptionError: there is no such series.
        """
        if not names:
            return self
        numbers = numbers_of(self.recent, names)
        return replace(self, recent=self.recent.take(numbers), known=self.known.take(numbers))

    def with_covariates_of(self, panel: Panel) -> Continued:
        """The same rows with the covariates of `panel`, which says other things of what is known ahead."""
        seen = replace(self.known.panel, covariates=panel.covariates)
        return replace(self, recent=panel, known=replace(self.known, panel=seen))


def rows_to_continue(
    bundle: Bundle, data: ReadResult | None, ended_after: int | Literal["horizon"] | None, fill: FillRule
) -> Continued:
    """The rows before the forecast: of a table, or kept with the model."""
    if data is None:
        seen = without_strays(bundle.recent)
        return Continued(bundle.recent, model_rows(seen, bundle.scaling, calendar=bundle.spec.calendar))
    panel, ended = _going_on(bundle, data.panel, ended_after)
    recent, known, continued = _continue(bundle, panel, fill)
    return Continued(recent, known, (*data.notes, *ended, *continued))


def _going_on(bundle: Bundle, panel: Panel, after: int | Literal["horizon"] | None) -> tuple[Panel, list[Note]]:
    """The series that have not ended long ago, also those that have left the table since the model was fitted."""
    if after is None:
        return panel, []
    after = bundle.spec.horizon if after == "horizon" else after
    numbers = panel.numbers_in(bundle.recent.ids)
    gone = np.setdiff1d(np.arange(bundle.recent.n_series), numbers)
    both = panel.followed_by(bundle.recent.take(gone)) if len(gone) else panel
    ends = both.ends
    ended = ends <= ends.max() - max(1, after)
    continued = ~ended & (np.arange(both.n_series) >= panel.n_series)
    notes = []
    if ended.any():
        text = f"{int(ended.sum())} series ended {after} steps or more before the newest row and are left out"
        notes.append(Note("warning", text + _first(both, np.flatnonzero(ended))))
    if continued.any():
        text = f"{int(continued.sum())} series are not in the table: continued from the rows kept with the model"
        notes.append(Note("warning", text + _first(both, np.flatnonzero(continued))))
    return both.take(np.flatnonzero(~ended)), notes


def _continue(bundle: Bundle, new: Panel, fill: FillRule = "seasonal") -> tuple[Panel, ModelRows, list[Note]]:
    """New rows in front of the model: joined to what it remembers of each series, scaled as it was or anew."""
    series = new.numbers_in(bundle.recent.ids)
    new = replace(new, covariates=new.covariates.labelled(bundle.recent.covariates.labels))
    notes = []
    unseen = np.flatnonzero(series == UNKNOWN_SERIES)
    if unseen.size:
        notes.append(Note("info", f"{unseen.size} series were not seen in training{_first(new, unseen)}"))
    joined = join_rows(bundle.recent, new, series, bundle.spec, fill)
    recent = joined.panel
    short = np.flatnonzero(recent.lengths < bundle.spec.context)
    notes += [*joined.notes, *_short_notes(recent, short, bundle.spec.context)]
    older = (series >= 0) & (new.ends < bundle.recent.ends[series])
    if older.any():
        notes.append(
            Note("warning", f"{int(older.sum())} series end before the data the model was fitted on; continued there")
        )
    seen = without_strays(recent)
    notes += low_notes(
        recent, bundle.scaling.log, "the model was fitted on values above zero only", "if zeros stay, fit anew"
    )
    scaling = scaling_of_rows(seen, like=bundle.scaling, series=series)
    return recent, model_rows(seen, scaling, series, bundle.spec.calendar), notes


def low_notes(panel: Panel, log: str, why: str, way: str) -> list[Note]:
    """What is said of values that a model of logarithms cannot see, with the reason and what to do about them."""
    low = np.flatnonzero((panel.values <= 0) & panel.observed) if log == "log" else np.zeros(0, np.int64)
    if not low.size:
        return []
    series = np.unique(panel.series_of_row[low])
    text = (
        f"{counted(low.size, 'value')} of zero or less in {series.size} series{_first(panel, series)}: {why} and sees "
        f"the least one before instead; {way}"
    )
    return [Note("warning", text)]


def _short_notes(recent: Panel, short: NDArray[np.int64], lookback: int) -> list[Note]:
    """What is said of series that have fewer rows than the model looks back."""
    if not short.size:
        return []
    number = int(short[0])
    label = f"'{recent.label(number)}': " if recent.label(number) else ""
    rows = f"({label}{recent.lengths[number]} of {lookback})"
    return [Note("warning", f"{short.size} series have fewer rows than the lookback {rows}: less to go by")]


def _first(panel: Panel, numbers: NDArray[np.int64]) -> str:
    """The first of some series in brackets; empty where it has no name."""
    label = panel.label(int(numbers[0]))
    return f" (first '{label}')" if label else ""
