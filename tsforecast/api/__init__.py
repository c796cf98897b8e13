"""The public functions: what the commands of the same names do, on data frames and from Python.

fitting     fit, load, backtest and compare: what trains, or gives a model that was trained
anomalies   detect
gaps        impute
using       predict, score and report: what uses a published model
model       the object that `fit` and `load` return
forecaster  the same in the manner of scikit-learn, on frames of `unique_id`, `ds` and `y`
options     keyword arguments become the dataclasses that declare them; what `help(fit)` and notebooks complete
keywords    the types of these arguments for editors; written by tests/keywords.py from the same declarations
tables      frames of other libraries, series and arrays as data frames
words       errors and notes in the words of Python: `horizon=24` for --horizon 24
progress    what is told to somebody who asks for nothing: a line in a notebook, warnings in the log elsewhere
"""

from __future__ import annotations

from tsforecast.api.anomalies import detect
from tsforecast.api.fitting import backtest, compare, fit, load
from tsforecast.api.forecaster import Forecaster
from tsforecast.api.gaps import impute
from tsforecast.api.model import Model
from tsforecast.api.using import predict, report, score
from tsforecast.reports.detection import Detection
from tsforecast.reports.forecast_frame import ForecastFrame
from tsforecast.reports.frames import Backtest, Comparison, Score
from tsforecast.reports.imputation import Imputation
from tsforecast.reports.page import ReportPage

__all__ = [
    "Backtest",
    "Comparison",
    "Detection",
    "ForecastFrame",
    "Forecaster",
    "Imputation",
    "Model",
    "ReportPage",
    "Score",
    "backtest",
    "compare",
    "detect",
    "fit",
    "impute",
    "load",
    "predict",
    "report",
    "score",
]
