"""What a model expects of the next steps, for a sentence: of the only series, or of the largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.io.messages import counted
from tsforecast.io.times.formats import readable_stamps
from tsforecast.models.forecaster import Forecaster
from tsforecast.safe_text import shown
from tsforecast.series.windows import ModelRows

if TYPE_CHECKING:
    from tsforecast.io.reading.panel import ReadResult

LEVEL = 80.0
_FEW = 2  # times the horizon


@dataclass(frozen=True)
class Expected:
    """The next steps of one series, in the unit of the data.

    Args:
        series: its name; empty where there is one only.
        first: time of the next step, as the table writes times.
        last: time of the last step of the horizon.
        y_pred: forecast of the next step, between `lower` and `upper` in 80 % of cases.
        mean: of the forecasts of all steps.
        rests_on: past forecasts that the range rests on, where these are few; 0 elsewhere.
    """

    series: str
    first: str
    last: str
    y_pred: float
    lower: float
    upper: float
    mean: float
    rests_on: int = 0


def expected(forecaster: Forecaster, rows: ModelRows, data: ReadResult) -> Expected | None:
    """What is expected of the largest of the series that have not ended; None where the table says too little of it.

    Args:
        forecaster: the model.
        rows: all rows, as the model sees them.
        data: the table.
    """
    panel, horizon = data.panel, forecaster.spec.horizon
    if data.schema.future_cols and panel.known_ahead.min() < horizon:
        return None
    means = np.add.reduceat(np.abs(panel.values), panel.offsets[:-1]) / panel.lengths
    number = int(np.argmax(np.where(panel.ends == panel.ends.max(), means, -1.0)))
    made = forecaster.of_series(rows, number, horizon, (LEVEL,))
    stamps = panel.future_stamps(number, horizon)[[0, -1]]
    first, last = readable_stamps(stamps, data.schema, panel.frequency)
    return Expected(
        series=shown(panel.label(number)) if panel.n_series > 1 else "",
        first=first,
        last=last,
        y_pred=float(made.y_pred[0, 0]),
        lower=float(made.lower[0, 0, 0]),
        upper=float(made.upper[0, 0, 0]),
        mean=float(made.y_pred.mean()),
        rests_on=few_windows(forecaster),
    )


def few_windows(forecaster: Forecaster) -> int:
    """The held-out windows that intervals rest on, if these span less than three horizons of one series; else 0."""
    windows = forecaster.calibration.windows
    return windows if 0 < windows < _FEW * forecaster.spec.horizon else 0


def rests_on_little(forecaster: Forecaster) -> str:
    """What to say of intervals that rest on few windows; empty elsewhere."""
    windows = few_windows(forecaster)
    return f"The intervals rest on {counted(windows, 'past forecast')} only." if windows else ""
