"""`predict`: continue the data a model was fitted on, or newer data, or series it has never seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import OptionError
from tsforecast.io.forecasts import forecast_frame
from tsforecast.io.panels import Note, ReadOptions, read_panel
from tsforecast.models.calibration import window_spread
from tsforecast.models.events import Message, Report
from tsforecast.models.forecasting import in_user_units, predict_ahead
from tsforecast.models.inference import UNKNOWN_SERIES
from tsforecast.models.spec import Forecast
from tsforecast.scaling import Scaling, scaling_of_new
from tsforecast.series import Panel, Schema
from tsforecast.store.bundle import Bundle
from tsforecast.store.load import find_version, load_bundle
from tsforecast.windows import WindowIndex, gather_context

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_LEVELS = (80.0, 95.0)


@dataclass(frozen=True)
class PredictResult:
    """What `predict` made.

    Args:
        name: of the model.
        version: number of the version used.
        model: its row in the table of models.
        forecast: values per series and step.
        frame: the same as a table in the user's columns.
        history: the rows that were continued.
        schema: how the user's table is written.
        notes: what was found and assumed.
    """

    name: str
    version: int
    model: str
    forecast: Forecast
    frame: pd.DataFrame
    history: Panel
    schema: Schema
    notes: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "model": self.model,
            "horizon": self.forecast.horizon,
            "series": len(self.forecast.ids),
            "notes": [vars(note) for note in self.notes],
            "forecast": self.frame.to_dict(orient="records"),
        }


def predict(
    source: str | Path | pd.DataFrame | None = None,
    *,
    store: str | Path = "models",
    name: str | None = None,
    version: int | None = None,
    horizon: int | None = None,
    levels: tuple[float, ...] = DEFAULT_LEVELS,
    reading: ReadOptions | None = None,
    report: Report = lambda event: None,
) -> PredictResult:
    """Forecast with a published model.

    Args:
        source: newer data in the columns the model was fitted on; None continues the data it was fitted on.
        store: folder of all models.
        name: of the model; None takes the one published last.
        version: of the model; None takes the one in service.
        horizon: steps; None takes the one the model was trained for. Longer ones feed forecasts back.
        levels: of the intervals, in percent.
        reading: how to read `source`; columns and frequency are the model's.
        report: receives messages.

    Raises:
        TsforecastError: bad options (2), data or a model that cannot be used (65), missing input (66).
    """
    _check(horizon, levels)
    chosen, number, path = find_version(store, name, version)
    bundle = load_bundle(path)
    notes: list[Note] = []
    if name is None:
        notes.append(Note("info", f"using {chosen} version {number}, the model published last in {store}"))
    history, scaling, series = bundle.context, bundle.scaling, np.arange(bundle.context.n_series)
    if source is not None:
        data = read_panel(source, reading or ReadOptions(), schema=bundle.schema, frequency=bundle.context.frequency)
        notes += data.notes
        history, scaling, series, joined = _continue(bundle, data.panel)
        notes += joined
    steps = horizon or bundle.spec.horizon
    if steps > bundle.spec.horizon:
        notes.append(
            Note(
                "warning",
                f"the model was trained for {bundle.spec.horizon} steps; from there on its forecasts are fed back "
                f"to reach {steps}, and intervals widen by a rule, not by calibration",
            )
        )
    for note in notes:
        report(Message(note.kind, note.text))
    forecast = make_forecast(bundle, history, scaling, series, steps, tuple(sorted(set(levels))))
    frame = forecast_frame(forecast, bundle.schema, history.frequency)
    return PredictResult(chosen, number, bundle.spec.name, forecast, frame, history, bundle.schema, tuple(notes))


def make_forecast(
    bundle: Bundle,
    history: Panel,
    scaling: Scaling,
    series: NDArray[np.int64],
    horizon: int,
    levels: tuple[float, ...],
) -> Forecast:
    """Forecast the steps after each series of `history`.

    Args:
        bundle: the model.
        history: rows to continue, in the user's units.
        scaling: of the series of `history`, in their order.
        series: each one's number in training, -1 for one that was not there.
        horizon: steps.
        levels: of the intervals, in percent, ascending.
    """
    spec = bundle.spec
    numbers = np.arange(history.n_series)
    index = WindowIndex(history.offsets[1:], numbers)
    values = scaling.transform(history.values, history.series_of_row)
    context, mask = gather_context(values, history.offsets, index, lookback=spec.lookback)
    made = in_user_units(
        predict_ahead(spec, bundle.weights, context, mask, series, horizon),
        window_spread(context, mask, spec.season_length),
        spec=spec,
        calibration=bundle.calibration,
        scaling=scaling,
        series=numbers,
        levels=levels,
    )
    return Forecast(history.ids, history.starts + history.lengths, made.y_pred, levels, made.lower, made.upper)


def _check(horizon: int | None, levels: tuple[float, ...]) -> None:
    if horizon is not None and horizon < 1:
        raise OptionError(f"horizon is {horizon}", hint="give at least 1")
    for level in levels:
        if not 0 < level < 100:
            raise OptionError(f"level is {level:g}", hint="give a percentage between 0 and 100, such as 80")


def _continue(bundle: Bundle, new: Panel) -> tuple[Panel, Scaling, NDArray[np.int64], list[Note]]:
    """New rows in front of the model: joined to what it remembers of each series, scaled as it was or anew."""
    known = {key: number for number, key in enumerate(bundle.context.ids)}
    series = np.array([known.get(key, UNKNOWN_SERIES) for key in new.ids], dtype=np.int64)
    notes = []
    if bundle.context.n_series == 1 and new.n_series == 1 and not bundle.schema.key_columns:
        series[:] = 0
    unseen = int((series == UNKNOWN_SERIES).sum())
    if unseen:
        first = new.label(int(np.argmax(series == UNKNOWN_SERIES)))
        notes.append(Note("info", f"{unseen} series were not seen in training (first '{first}')"))
    history, joined = _join(bundle.context, new, series, bundle.spec.lookback)
    if joined:
        notes.append(Note("info", f"{joined} series are shorter than the lookback: joined to the rows kept at fit"))
    short = np.flatnonzero(history.lengths < bundle.spec.lookback)
    if len(short):
        number = int(short[0])
        notes.append(
            Note(
                "warning",
                f"{len(short)} series have fewer rows than the lookback"
                f" ('{history.label(number)}': {history.lengths[number]} of {bundle.spec.lookback}): less to go by",
            )
        )
    last_seen = bundle.context.starts + bundle.context.lengths
    older = (series >= 0) & (new.starts + new.lengths < last_seen[series])
    if older.any():
        notes.append(
            Note("warning", f"{int(older.sum())} series end before the data the model was fitted on; continued there")
        )
    fresh = scaling_of_new(history.values, history.observed, history.offsets, like=bundle.scaling)
    seen = series >= 0
    scaling = replace(
        bundle.scaling,
        center=np.where(seen, bundle.scaling.center[series], fresh.center),
        scale=np.where(seen, bundle.scaling.scale[series], fresh.scale),
        nonnegative=fresh.nonnegative & np.where(seen, bundle.scaling.nonnegative[series], True),
    )
    return history, scaling, series, notes


def _join(old: Panel, new: Panel, series: NDArray[np.int64], lookback: int) -> tuple[Panel, int]:
    """Put remembered rows before series that are too short for the lookback and follow on without a gap."""
    pieces, starts, observed, joined = [], [], [], 0
    for number in range(new.n_series):
        rows = slice(new.offsets[number], new.offsets[number + 1])
        values, seen, start = new.values[rows], new.observed[rows], int(new.starts[number])
        before = int(series[number])
        if before != UNKNOWN_SERIES and len(values) < lookback:
            first = int(old.starts[before])
            kept = start - first
            if 0 < kept <= old.lengths[before]:
                past = slice(old.offsets[before], old.offsets[before] + kept)
                values = np.concatenate([old.values[past], values])
                seen = np.concatenate([old.observed[past], seen])
                start, joined = first, joined + 1
        pieces.append(values)
        observed.append(seen)
        starts.append(start)
    return (
        Panel(
            ids=new.ids,
            values=np.concatenate(pieces),
            observed=np.concatenate(observed),
            offsets=np.concatenate([[0], np.cumsum([len(p) for p in pieces])]).astype(np.int64),
            starts=np.asarray(starts, dtype=np.int64),
            frequency=new.frequency,
        ),
        joined,
    )
