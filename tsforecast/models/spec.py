"""What a trained model is, apart from its weights: plain values that are stored as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.models.network.config import Inputs, NetworkConfig
from tsforecast.models.registry import LOCAL
from tsforecast.series.windows import NO_CALENDAR, Calendar

NO_INPUTS = Inputs()


@dataclass(frozen=True)
class Part:
    """One of the models whose weighted mean is the forecast.

    Args:
        name: its row in the table of models.
        share: its weight in the mean; those of all parts sum to 1.
        lookback: steps seen.
        network: the network's configuration; None for the baselines and the linear model.
        inputs: what a linear model reads besides its window; those of a network are in its configuration.
        forms: of a local model, that are averaged for each series.
        week: steps of the usual week that is taken out of the values and added to the forecast; 0 for none.
    """

    name: str
    share: float
    lookback: int
    network: NetworkConfig | None = None
    inputs: Inputs = NO_INPUTS
    forms: int = 1
    week: int = 0

    @property
    def reads(self) -> Inputs:
        """What it reads besides its window."""
        return self.network.inputs if self.network else self.inputs


@dataclass(frozen=True)
class ModelSpec:
    """A model that maps windows to forecasts.

    Args:
        name: its row in the table of models.
        horizon: steps predicted at once.
        season_length: steps in a season, for the seasonal naive.
        parts: what it consists of, at least one.
        calendar: what it reads of the calendar.
        by_series: whether each series has shares of its own; those of the parts are for series not seen in training.
    """

    name: str
    horizon: int
    season_length: int
    parts: tuple[Part, ...]
    calendar: Calendar = NO_CALENDAR
    by_series: bool = False

    @property
    def lookback(self) -> int:
        """Steps seen by the part that sees most."""
        return max(part.lookback for part in self.parts)

    @property
    def context(self) -> int:
        """Steps that a series should have: the lookback of the parts that fewer do not suit."""
        return max((part.lookback for part in self.parts if part.name not in LOCAL), default=1)

    @property
    def quantiles(self) -> tuple[float, ...]:
        """Probabilities of the outputs: the networks' own, which all share them; (0.5,) for point forecasts."""
        return next((part.network.quantiles for part in self.parts if part.network), (0.5,))

    @property
    def median(self) -> int:
        """Where the median stands among the outputs."""
        return self.quantiles.index(0.5)
