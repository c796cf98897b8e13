"""Tables as they were at an earlier time, and cheap versions of a model, for the tests of retraining."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.windows import windows_of
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.calibration import PROBABILITIES, Calibration
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.scaling import fit_scaling
from tsforecast.store.bundle.bundle import Bundle, Golden

SCHEMA = Schema(("date",), ("shop",), ("sold",), ("%Y-%m-%d",))


def table(panel: Panel, schema: Schema | None = None) -> ReadResult:
    """A panel as if it had been read."""
    rows = int(panel.observed.sum())
    keys = SCHEMA if panel.ids[0] else replace(SCHEMA, id_cols=())
    return ReadResult(panel, schema or keys, (), "00ff", rows, "sales.csv")


def take(panel: Panel, numbers) -> Panel:
    """Some series of a panel, in the given order."""
    return panel.take(np.asarray(numbers, dtype=np.int64))


def until(panel: Panel, ordinal: int, *, window: int | None = None) -> Panel:
    """The rows before an ordinal, of the newest `window` steps; series without a row are left out."""
    last = np.clip(ordinal - panel.starts, 0, panel.lengths)
    first = np.zeros_like(last) if window is None else np.clip(ordinal - window - panel.starts, 0, last)
    cut = panel.between(first, last)
    return take(cut, np.flatnonzero(cut.lengths > 0))


def ends(panel: Panel) -> tuple[int, int]:
    """The first ordinal of a panel and the one after its last."""
    return int(panel.starts.min()), int((panel.starts + panel.lengths).max())


def version_of(data: ReadResult, *, horizon: int = 7, season_length: int = 7, lookback: int = 14) -> Bundle:
    """A seasonal naive with what a fit on these data would remember."""
    panel = data.panel
    spec = ModelSpec("seasonal-naive", horizon, season_length, (Part("seasonal-naive", 1.0, lookback),))
    calibration = Calibration(np.tile(np.linspace(-2, 2, len(PROBABILITIES)), (horizon, 1)), 100, "a test")
    return Bundle(
        forecaster=Forecaster(spec, {}, calibration),
        schema=data.schema,
        recent=panel.between(panel.lengths - lookback - 2 * horizon, panel.lengths),
        scaling=fit_scaling(panel, panel.lengths, method="standard"),
        golden=Golden(windows_of(np.zeros((0, lookback))), np.zeros((0, horizon, 1), np.float32)),
        metrics={},
        provenance={"data_rows": data.rows, "data_hash": data.data_hash},
    )
