"""What was decided for one fit, complete: by the user, by the preset, or from the data with a reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tsforecast.models.config import NetworkConfig, TrainingConfig
from tsforecast.models.spec import ModelSpec

CLEARLY = 0.01  # share by which a candidate must beat a simpler one to be chosen


@dataclass(frozen=True)
class Choice:
    """One automatic decision, as it is printed and stored."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Basics:
    """What must be known before rows are held out."""

    horizon: int
    season_length: int
    min_context: int
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that training needs to know besides the data.

    Args:
        model: row of the table of models.
        horizon: steps to forecast.
        lookback: steps seen.
        season_length: steps in a season.
        min_context: rows that a training window has at least; the rest of its lookback is padded.
        log: `none`, `log` or `log1p`.
        scaler: per series, fitted on training rows.
        candidates: networks to choose from by validation, the first being the choice where nothing can be compared;
            empty for a baseline or the linear model.
        training: how the network is trained.
        choices: what was decided automatically.
    """

    model: str
    horizon: int
    lookback: int
    season_length: int
    min_context: int
    log: str
    scaler: str
    candidates: tuple[NetworkConfig, ...]
    training: TrainingConfig
    choices: tuple[Choice, ...]

    @property
    def network(self) -> NetworkConfig | None:
        """The network that was chosen, or that is tried first."""
        return self.candidates[0] if self.candidates else None

    def choose(self, network: NetworkConfig, choice: Choice) -> Plan:
        """The plan with one candidate left, and why."""
        return replace(self, candidates=(network,), choices=(*self.choices, choice))

    def spec(self, model: str) -> ModelSpec:
        """The spec of a model of the table under this plan."""
        network = self.network if model == self.model else None
        lookback = max(self.lookback, self.season_length) if network is None and model != "linear" else self.lookback
        return ModelSpec(
            name=model,
            lookback=lookback,
            horizon=self.horizon,
            season_length=self.season_length,
            levels=network.levels if network else (0.5,),
            members=self.training.members if network else 1,
            network=network,
        )
