"""What a trained model is, apart from its weights: plain values that are stored as JSON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.config import NetworkConfig

Array = NDArray[np.float32]
Weights = dict[str, Array]


@dataclass(frozen=True)
class Part:
    """One of the models whose weighted mean is the forecast.

    Args:
        name: its row in the table of models.
        share: its weight in the mean; those of all parts sum to 1.
        lookback: steps seen.
        network: the network's configuration; None for the baselines and the linear model.
    """

    name: str
    share: float
    lookback: int
    network: NetworkConfig | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A model that maps windows to forecasts.

    Args:
        name: its row in the table of models.
        horizon: steps predicted at once.
        season_length: steps in a season, for the seasonal naive.
        parts: what it consists of, at least one.
    """

    name: str
    horizon: int
    season_length: int
    parts: tuple[Part, ...]

    @property
    def lookback(self) -> int:
        """Steps seen by the part that sees most."""
        return max(part.lookback for part in self.parts)

    @property
    def levels(self) -> tuple[float, ...]:
        """Probability levels of the outputs: the networks' own, which all share them; (0.5,) for point forecasts."""
        return next((part.network.levels for part in self.parts if part.network), (0.5,))


@dataclass(frozen=True)
class Forecast:
    """Forecasts of many series in the user's units.

    Args:
        ids: one tuple of texts per series, shape (n_series,).
        starts: ordinal of the first step forecast, shape (n_series,).
        y_pred: shape (n_series, horizon).
        levels: of the intervals in percent, ascending, such as (80.0, 95.0).
        lower: shape (n_series, horizon, levels).
        upper: shape (n_series, horizon, levels).
        held: series whose forecasts, fed back, were held within what their values support.
    """

    ids: tuple[tuple[str, ...], ...]
    starts: NDArray[np.int64]
    y_pred: NDArray[np.float64]
    levels: tuple[float, ...]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    held: int = 0

    @property
    def horizon(self) -> int:
        return self.y_pred.shape[1]
