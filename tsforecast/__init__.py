"""Forecast time series with recurrent neural networks, from the command line or from Python.

    import tsforecast

    model = tsforecast.fit(table)      # a data frame, a series, an array, or the path of a file
    model.scores, model.verdict        # how good it is, beside the simple models
    model.predict()                    # a data frame, which draws itself: model.predict().plot()
    model = tsforecast.load("model")   # later, or elsewhere

`backtest`, `compare`, `score` and `report` are the commands of the same names; what goes wrong is a TsforecastError.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tsforecast._version import __version__

ELSEWHERE = "tsforecast runs on Linux and macOS; on Windows it runs inside WSL, which `wsl --install` sets up"

if TYPE_CHECKING:
    from tsforecast.api import (
        Backtest,
        Comparison,
        Detection,
        Forecaster,
        ForecastFrame,
        Imputation,
        Model,
        ReportPage,
        Score,
        backtest,
        compare,
        detect,
        fit,
        impute,
        load,
        predict,
        report,
        score,
    )
    from tsforecast.errors import (
        DataError,
        InputMissingError,
        ModelError,
        OptionError,
        TrustError,
        TsforecastError,
    )

__all__ = [
    "Backtest",
    "Comparison",
    "DataError",
    "Detection",
    "ForecastFrame",
    "Forecaster",
    "Imputation",
    "InputMissingError",
    "Model",
    "ModelError",
    "OptionError",
    "ReportPage",
    "Score",
    "TrustError",
    "TsforecastError",
    "__version__",
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


def __getattr__(name: str) -> Any:
    # `tsforecast --version` imports this file too, and must not wait for pandas.
    if name in __all__:
        if sys.platform == "win32":
            raise ImportError(ELSEWHERE)
        from tsforecast import api, errors

        return getattr(errors if name.endswith("Error") else api, name)
    raise AttributeError(f"module 'tsforecast' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
