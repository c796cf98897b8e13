"""Train NeuralForecast's GRU at its defaults; print seconds and the error on the validation windows.

python neuralforecast_validation.py '{"began": ..., "data": ..., "train": ..., ...}'
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.models import GRU


def main() -> None:
    """One global model over the standardised columns, as tsforecast has it."""
    request = json.loads(sys.argv[1])
    train = request["train"]
    table = pd.read_csv(request["data"], parse_dates=["date"], index_col="date")
    table = table[: train + request["validation"]]
    table = (table - table[:train].mean()) / table[:train].std(ddof=0)
    model = GRU(
        h=request["horizon"],
        max_steps=request["steps"],
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
    )
    forecast = NeuralForecast([model], freq="h")
    forecast.fit(_long(table[:train]))
    seconds = time.monotonic() - request["began"]
    errors = _errors(forecast, table, request["validation"]) if request["evaluate"] else {}
    print(json.dumps({"seconds": seconds, **errors}))


def _errors(forecast: NeuralForecast, table: pd.DataFrame, validation: int) -> dict[str, float]:
    """Errors of the trained model over all windows of the last rows."""
    made = forecast.cross_validation(_long(table), n_windows=None, test_size=validation, step_size=1, use_fitted=True)
    error = made["GRU"] - made["y"]
    return {
        "mse": float(np.mean(error**2)),
        "mae": float(np.mean(np.abs(error))),
        "windows": len(made) // forecast.h,
    }


def _long(table: pd.DataFrame) -> pd.DataFrame:
    """One row per series and time."""
    return table.reset_index(names="ds").melt("ds", var_name="unique_id", value_name="y")


if __name__ == "__main__":
    main()
