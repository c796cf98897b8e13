"""`predict`: continue the data a model was fitted on, or newer data, or series it has never seen."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError, OptionError
from tsforecast.forecast import Forecast, joined
from tsforecast.io.messages import Note, listed
from tsforecast.io.writing.columns import check_columns, forecast_frame
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.network.config import MAX_STEPS
from tsforecast.models.reach import MOST_SPANS
from tsforecast.options import DEFAULT_LEVELS, DEFAULT_STORE, check_levels
from tsforecast.progress import Message, Report
from tsforecast.safe_text import shown
from tsforecast.series.panel import UNKNOWN_SERIES, Panel, Schema
from tsforecast.series.scaling import scaling_of_rows
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import ModelRows, model_rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.store import Store
from tsforecast.workflows.ages import check_data_age, check_version_age
from tsforecast.workflows.holidays import holiday_notes
from tsforecast.workflows.joined_rows import join_rows
from tsforecast.workflows.known_ahead import check_known_ahead, read_ahead

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.io.options import FillRule, ReadOptions
    from tsforecast.io.reading.panel import ReadResult

# Further ahead than a model can be trained for, and not without end.
_MOST_STEPS = 10 * MAX_STEPS


@dataclass(frozen=True)
class PredictResult:
    """What `predict` found. The forecast itself is made when it is asked for, as a whole or in blocks.

    Args:
        name: name of the model.
        version: number of the version used.
        forecaster: the model.
        recent: the rows that are continued, as they were read.
        known: the same rows as the model sees them.
        horizon: steps to forecast.
        levels: levels of the intervals, in percent, ascending.
        schema: how the user's table is written.
        notes: what was found and assumed.
        report: receives a warning where forecasts that are fed back had to be held.
    """

    name: str
    version: int
    forecaster: Forecaster
    recent: Panel
    known: ModelRows
    horizon: int
    levels: tuple[float, ...]
    schema: Schema
    notes: tuple[Note, ...]
    report: Report = lambda event: None

    @property
    def model(self) -> str:
        """The model's row in the table of models."""
        return self.forecaster.spec.name

    @property
    def rows(self) -> int:
        """Rows of the forecast: those of all series."""
        return self.recent.n_series * self.horizon

    def blocks(self, report: Report = lambda event: None) -> Iterator[Forecast]:
        """The forecast in blocks of series, each made when it is taken."""
        held, far = 0, 0
        for block in self.forecaster.ahead(self.known, self.horizon, self.levels, report):
            held, far = held + block.held, far + block.far
            yield block
        for note in _held_notes(held, far):
            self.report(Message(note.kind, note.text))

    @cached_property
    def forecast(self) -> Forecast:
        """Values per series and step."""
        blocks = list(self.blocks())
        made, counts = joined(blocks), (sum(block.held for block in blocks), sum(block.far for block in blocks))
        return Forecast(self.recent.ids, self.recent.ends, made.y_pred, self.levels, made.lower, made.upper, *counts)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The same as a table in the user's columns."""
        return forecast_frame(self.forecast, self.schema, self.recent.frequency)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "model": self.model,
            "horizon": self.horizon,
            "series": self.recent.n_series,
            "notes": [vars(note) for note in (*self.notes, *self._held())],
            "forecast": self.frame.to_dict(orient="records"),
        }

    def _held(self) -> list[Note]:
        return _held_notes(self.forecast.held, self.forecast.far)


def predict(
    source: str | Path | pd.DataFrame | ReadResult | None = None,
    *,
    store: str | Path = DEFAULT_STORE,
    name: str | None = None,
    version: int | None = None,
    horizon: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    reading: ReadOptions | None = None,
    max_age: float | None = None,
    ended_after: int | Literal["horizon"] | None = None,
    fallback: bool = False,
    trusted: bool = False,
    future: str | Path | pd.DataFrame | None = None,
    report: Report = lambda event: None,
) -> PredictResult:
    """Forecast with a published model.

    Args:
        source: newer data in the columns the model was fitted on, as a table or already read; None continues the data
            that the model was fitted on.
        store: folder of all models.
        name: name of the model; None takes the one published last.
        version: number of the version; None takes the one in service.
        horizon: steps, up to ten times what a model can be trained for; None takes the horizon of the model. Beyond
            that, forecasts are fed back.
        levels: levels of the intervals, in percent.
        reading: how to read `source`; its columns and frequency are the model's.
        max_age: largest number of seconds since the model was published, and since the newest row; None for no limit.
        ended_after: leave out series whose last row lies so many steps or more before the newest one, and continue
            those that have left `source` until then; `horizon` takes the model's horizon, None takes the series of
            `source` as they are.
        fallback: whether to take the newest older version that is sound where the version is damaged.
        trusted: whether to use a model that other users could have changed.
        future: table of the columns that are known ahead; None takes the rows of `source` that have no value, or those
            kept with the model.
        report: receives messages.

    Raises:
        TsforecastError: bad options (2), a model or data too old (4), data or a model that cannot be used (65), missing
            input (66), a model that other users could have changed (77).
    """
    _check(horizon, levels, max_age)
    levels = tuple(sorted(set(levels)))
    model = Store(store, trusted).find(name)
    opened = model.open(version, fallback=fallback)
    bundle = opened.bundle
    check_columns(bundle.schema, levels)
    if max_age is not None:
        check_version_age(model.describe(opened.version), max_age)
    notes = [Note("warning", text) for text in opened.notes]
    if name is None:
        notes.append(Note("info", f"using {opened.name} version {opened.version}, the model published last in {store}"))
    data = None if source is None else _read(source, bundle, reading, report)
    notes += holiday_notes(bundle.schema, bundle.recent if data is None else data.panel, bundle.recent)
    fill = reading.fill_gaps if reading is not None else "seasonal"
    recent, known, found = _rows_to_continue(bundle, data, ended_after, fill)
    if future is not None:
        recent = read_ahead(future, bundle.schema, recent, reading, report)
        known = replace(known, panel=replace(known.panel, covariates=recent.covariates))
    if max_age is not None:
        check_data_age(recent, bundle.schema, max_age)
    steps = horizon or bundle.spec.horizon
    notes += [*found, *_feedback_notes(bundle.spec.horizon, steps)]
    notes += check_known_ahead(recent, bundle.spec, bundle.schema, steps)
    if steps > bundle.spec.horizon and bundle.schema.past_cols and any(part.reads.past for part in bundle.spec.parts):
        notes.append(Note("warning", f"there {listed(bundle.schema.past_cols)} stay as they were last"))
    for note in notes:
        report(Message(note.kind, note.text))
    return PredictResult(
        name=opened.name,
        version=opened.version,
        forecaster=bundle.forecaster,
        recent=recent,
        known=known,
        horizon=steps,
        levels=levels,
        schema=bundle.schema,
        notes=tuple(notes),
        report=report,
    )


def _rows_to_continue(
    bundle: Bundle, data: ReadResult | None, ended_after: int | Literal["horizon"] | None, fill: FillRule
) -> tuple[Panel, ModelRows, list[Note]]:
    """The rows before the forecast, as they are and as the model sees them: of a table, or kept with the model."""
    if data is None:
        seen = without_strays(bundle.recent)
        return bundle.recent, model_rows(seen, bundle.scaling, calendar=bundle.spec.calendar), []
    panel, ended = _going_on(bundle, data.panel, ended_after)
    recent, known, continued = _continue(bundle, panel, fill)
    return recent, known, [*data.notes, *ended, *continued]


def _feedback_notes(trained: int, steps: int) -> list[Note]:
    if steps <= trained:
        return []
    text = (
        f"the model was trained for {trained} steps; from there on its forecasts are fed back to reach {steps}, "
        "and intervals widen by a rule, not by calibration"
    )
    return [Note("warning", text)]


def _held_notes(held: int, far: int) -> list[Note]:
    """What is said of forecasts and intervals that were held, by the number of series."""
    notes = [Note("warning", held_in_words(held))] if held else []
    if far:
        text = (
            f"the intervals of {far:,} series reached far beyond all known values and were held within "
            f"{MOST_SPANS:g} times the span of these: the model has hardly learned; fit it with more epochs or time"
        )
        notes.append(Note("warning", text))
    return notes


def held_in_words(series: int) -> str:
    """What is said of forecasts that were held."""
    return (
        f"fed back, the forecasts of {series:,} series ran away from all known values: they were held within a few "
        "times the span of these; fit with a longer --horizon"
    )


def _read(
    source: str | Path | pd.DataFrame | ReadResult, bundle: Bundle, reading: ReadOptions | None, report: Report
) -> ReadResult:
    from tsforecast.io.options import ReadOptions
    from tsforecast.io.reading.panel import ReadResult, read_panel

    if isinstance(source, ReadResult):
        _check_schema(source, bundle.schema)
        return source
    step, options = bundle.recent.frequency, reading or ReadOptions()
    return read_panel(source, options, schema=bundle.schema, frequency=step, held=bundle.held, report=report)


def _check_schema(data: ReadResult, expected: Schema) -> None:
    """Refuse a table that was read without regard to the model and has other columns."""
    found = data.schema
    if (found.id_cols, found.target_cols) != (expected.id_cols, expected.target_cols):
        raise DataError(
            f"its ids and values are {listed((*found.id_cols, *found.target_cols))}, those of the model "
            f"{listed((*expected.id_cols, *expected.target_cols))}",
            hint=f"name the columns that the model knows: {_columns_in_words(expected)}",
            file=data.file,
        )


def _columns_in_words(schema: Schema) -> str:
    """The flags that name the columns of a schema."""
    flags = [("--id-col", name) for name in schema.id_cols] + [("--target-col", name) for name in schema.target_cols]
    return " ".join(f"{flag} {shlex.quote(name)}" for flag, name in flags)


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


def _check(horizon: int | None, levels: tuple[float, ...], max_age: float | None) -> None:
    if horizon is not None and not 1 <= horizon <= _MOST_STEPS:
        raise OptionError(f"horizon is {shown(horizon)}", hint=f"give a value from 1 to {_MOST_STEPS}")
    if max_age is not None and not 0 <= max_age < math.inf:
        raise OptionError(f"max_age is {max_age:g}", hint="give a number of seconds, 0 or more")
    check_levels(levels)


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
    short = np.flatnonzero(recent.lengths < bundle.spec.lookback)
    notes += [*joined.notes, *_short_notes(recent, short, bundle.spec.lookback)]
    older = (series >= 0) & (new.ends < bundle.recent.ends[series])
    if older.any():
        notes.append(
            Note("warning", f"{int(older.sum())} series end before the data the model was fitted on; continued there")
        )
    seen = without_strays(recent)
    scaling = scaling_of_rows(seen, like=bundle.scaling, series=series)
    return recent, model_rows(seen, scaling, series, bundle.spec.calendar), notes


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
