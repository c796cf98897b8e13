"""Forecast time series with recurrent neural networks, from the command line or from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsforecast._version import __version__

if TYPE_CHECKING:
    from tsforecast.api import backtest, compare, detect, fit, predict, report, score

__all__ = ["__version__", "backtest", "compare", "detect", "fit", "predict", "report", "score"]


def __getattr__(name: str) -> Any:
    # `tsforecast --version` imports this file too, and must not wait for pandas.
    if name in ("backtest", "compare", "detect", "fit", "predict", "report", "score"):
        from tsforecast import api

        return getattr(api, name)
    raise AttributeError(f"module 'tsforecast' has no attribute '{name}'")
