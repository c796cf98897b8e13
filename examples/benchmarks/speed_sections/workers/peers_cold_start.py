"""Save a peer's fitted model, or load it, forecast and write a CSV file; nothing but that peer is imported.

python peers_cold_start.py save LIBRARY FOLDER DATA HORIZON
python peers_cold_start.py predict LIBRARY FOLDER OUTPUT HORIZON
"""

from __future__ import annotations

import sys
from pathlib import Path

_QUIET = {"accelerator": "cpu", "enable_progress_bar": False, "logger": False}
_LOOKBACK = 168


def save_neuralforecast(folder: str, data: str, horizon: int) -> None:
    """Few steps: they change neither the size of the model nor the time that it takes."""
    import pandas as pd
    from neuralforecast import NeuralForecast
    from neuralforecast.models import GRU

    frame = pd.read_csv(data, parse_dates=["date"]).rename(columns={"date": "ds", "y0": "y"}).assign(unique_id="y0")
    forecast = NeuralForecast([GRU(h=horizon, max_steps=10, **_QUIET)], freq="h")
    forecast.fit(frame)
    forecast.save(folder, save_dataset=True, overwrite=True)


def predict_neuralforecast(folder: str, output: str, horizon: int) -> None:
    """Continues the data that were saved with the model; its horizon is fixed."""
    from neuralforecast import NeuralForecast

    NeuralForecast.load(folder).predict().to_csv(output, index=False)


def save_darts(folder: str, data: str, horizon: int) -> None:
    """One epoch of its defaults but for the window's length, which has none."""
    from darts import TimeSeries
    from darts.models import RNNModel

    Path(folder).mkdir()
    series = TimeSeries.from_csv(data, time_col="date").astype("float32")
    model = RNNModel(
        input_chunk_length=_LOOKBACK,
        training_length=_LOOKBACK + horizon,
        model="GRU",
        n_epochs=1,
        pl_trainer_kwargs=_QUIET,
    )
    model.fit(series)
    model.save(f"{folder}/model.pt")


def predict_darts(folder: str, output: str, horizon: int) -> None:
    """Continues the series that was saved with the model."""
    from darts.models import RNNModel

    RNNModel.load(f"{folder}/model.pt").predict(horizon, verbose=False).to_csv(output)


def save_skforecast(folder: str, data: str, horizon: int) -> None:
    """A linear model over lags: the quickest thing the library has."""
    import pandas as pd
    from skforecast.recursive import ForecasterRecursive
    from skforecast.utils import save_forecaster
    from sklearn.linear_model import Ridge

    Path(folder).mkdir()
    forecaster = ForecasterRecursive(Ridge(), lags=_LOOKBACK)
    forecaster.fit(pd.read_csv(data, parse_dates=["date"], index_col="date")["y0"].asfreq("h"))
    save_forecaster(forecaster, f"{folder}/model.joblib", verbose=False)


def predict_skforecast(folder: str, output: str, horizon: int) -> None:
    """Continues the series that was saved with the model."""
    from skforecast.utils import load_forecaster

    load_forecaster(f"{folder}/model.joblib", verbose=False).predict(horizon).to_csv(output)


if __name__ == "__main__":
    action, library, *words, steps = sys.argv[1:]
    globals()[f"{action}_{library}"](*words, int(steps))
