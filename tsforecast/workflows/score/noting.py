"""Puts the forecast of `predict` into the ledger of its model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tsforecast import clock
from tsforecast.arrays import Float64, Int64
from tsforecast.io.times.formats import format_stamps
from tsforecast.io.writing.columns import as_written, time_cells
from tsforecast.options import DEFAULT_STORE
from tsforecast.series.panel import UNKNOWN_SERIES
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.store.ledger.runs import NEVER, Run, append_run, layout_of
from tsforecast.store.store import Store
from tsforecast.workflows.predict import PredictResult


def note_forecast(made: PredictResult, *, store: str | Path = DEFAULT_STORE, trusted: bool = False) -> bool:
    """Append a forecast to the ledger of its model, with the numbers that a file of it holds.

    It is on the disk when this returns. The same forecast is stored once, however often it is noted.

    Args:
        made: what `predict` found.
        store: folder of all models.
        trusted: whether others may own the store and write to it.

    Returns:
        Whether it was stored now.

    Raises:
        BusyError: others have been writing for a minute.
        ModelError: the ledger is damaged.
        StorageError: it cannot be written.
        TrustError: somebody else could have changed it.
    """
    model = Store(store, trusted).find(made.name)
    forecast, frequency = as_written(made.forecast), made.recent.frequency
    cells, begins = time_cells(forecast, made.schema, frequency)
    texts = [" ".join(row) for row in zip(*cells, strict=True)]
    starts = dict(zip(forecast.starts.tolist(), begins, strict=True))
    last_known = format_stamps(frequency.stamps(forecast.starts - 1), made.schema, frequency)
    season = made.forecaster.spec.season_length
    run = Run(
        id=made.run,
        layout=layout_of(made.schema, frequency),
        made=clock.now(),
        model=made.model,
        version=made.version,
        published=model.describe(made.version).published,
        season=int(season),
        forecast=forecast,
        learned=_learned(made),
        scale=_scale(made, season),
        cutoffs=tuple(" ".join(row) for row in zip(*last_known, strict=True)),
        times={start: texts[begin : begin + forecast.horizon] for start, begin in starts.items()},
    )
    return append_run(model.folder, run, trusted=trusted)


def _learned(made: PredictResult) -> Int64:
    """Ordinal after the last row of each series that the model has learned from; NEVER for one it has not seen."""
    numbers = made.recent.numbers_in(made.learned.ids)
    return np.where(numbers == UNKNOWN_SERIES, NEVER, made.learned.ends[numbers])


def _scale(made: PredictResult, season: int) -> Float64:
    """The scale of MASE from the rows before the forecast; NaN for a series shorter than a season."""
    recent = made.recent
    scale, _ = seasonal_errors(recent, season, recent.lengths)
    return np.where(recent.lengths > season, scale, np.nan)
