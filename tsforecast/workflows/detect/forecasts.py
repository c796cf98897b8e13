"""How wrong the forecasts of a model were at every row: one more score.

The model is fitted once, on the older half of the rows, and forecasts the newer half as `backtest --refit never` does,
each row from those before it. An error counts in units of the calibrated interval around its forecast, so that a step
far ahead may be wronger than the next one.
"""

from __future__ import annotations

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.errors import DataError
from tsforecast.fitting.backtest import truth_of
from tsforecast.fitting.backtest_fits import backtest_fits
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.folds import rolling_folds
from tsforecast.forecast import joined
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Report
from tsforecast.series.scaling import counts_of

_LEVEL = 80.0  # of the interval that is the unit
_SHARE = 2  # of the rows that are forecast is one in so many


def forecast_errors(data: ReadResult, options: FitOptions, report: Report) -> Float64:
    """Squared errors in units of half the interval, NaN where nothing was forecast, shape (rows,).

    Raises:
        DataError: there are too few rows to fit the model on half of them.
    """
    panel, basics = data.panel, choose_basics(data.panel, options)
    windows = max(1, int(panel.lengths.max()) // _SHARE // basics.horizon)
    try:
        folds = rolling_folds(panel.lengths, horizon=basics.horizon, windows=windows, refit=0)
        session = TrainingSession(report)
        fits = backtest_fits(panel, folds, options, (_LEVEL,), session, schema=data.schema)
    except DataError as error:
        raise DataError(error.message, hint=error.hint, file=data.file) from error
    truth = truth_of(panel, folds, basics.season_length)
    made = joined([fit.made[options.model] for fit in fits])
    # An interval of rounded counts may have no width, though each of its ends stands for half a count more.
    rounded = counts_of(panel, panel.lengths)[truth.series, None]
    least = np.where(rounded, 0.5, np.finfo(np.float64).tiny ** 0.25)
    half = np.maximum((made.upper[:, :, 0] - made.lower[:, :, 0]) / 2, least)
    errors = np.where(truth.observed, (truth.y_true - made.y_pred) / half, 0.0) ** 2
    first = panel.offsets[truth.series] + truth.starts - panel.starts[truth.series]
    found = np.full(len(panel.values), np.nan)
    found[first[:, None] + np.arange(folds.horizon)] = errors
    return found
