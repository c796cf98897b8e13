"""Windows and rows made by hand."""

from __future__ import annotations

import numpy as np

from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling
from tsforecast.series.windows import Batch, ModelRows, WindowIndex, Windows, model_rows, plain_windows


def windows_of(values, mask=None, series=None, horizon=1) -> Windows:
    """Windows of some values: without a mask nothing is padded, without numbers all are of series 0."""
    values = np.asarray(values, np.float32)
    mask = np.ones(values.shape, bool) if mask is None else mask
    series = np.zeros(len(values), np.int64) if series is None else np.asarray(series, np.int64)
    return plain_windows(values, mask, series[:, None], series, horizon)


def unscaled(n_series: int) -> Scaling:
    """The transform that changes nothing."""
    return Scaling("none", "none", np.zeros(n_series), np.ones(n_series), np.zeros(n_series, bool))


def panel_of(values, offsets, observed=None) -> Panel:
    """Daily series in a flat array."""
    offsets = np.asarray(offsets, np.int64)
    ids = tuple((str(i),) for i in range(len(offsets) - 1))
    values = np.asarray(values, np.float64)
    observed = np.ones(len(values), bool) if observed is None else np.asarray(observed, bool)
    return Panel(ids, values, observed, offsets, np.zeros(len(ids), np.int64), Frequency("fixed", DAY))


def rows_of(values, offsets, observed=None) -> ModelRows:
    """Rows that are in model space as they are."""
    return model_rows(panel_of(values, offsets, observed), unscaled(len(offsets) - 1))


def batch_of(rows: ModelRows, index: WindowIndex, *, lookback: int, horizon: int) -> Batch:
    """All windows of an index at once."""
    (batch,) = rows.batches(index, lookback=lookback, horizon=horizon)
    return batch


def arrays_of(rows: ModelRows, index: WindowIndex, *, lookback: int, horizon: int) -> dict[str, np.ndarray]:
    """All that there is in the windows of an index."""
    batches = list(rows.batches(index, lookback=lookback, horizon=horizon))
    made = [{**vars(one.windows), "target": one.target, "observed": one.observed} for one in batches]
    return {name: np.concatenate([one[name] for one in made]) for name in (made[0] if made else ())}
