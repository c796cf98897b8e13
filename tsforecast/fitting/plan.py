"""The plan of one fit: what was decided by the user, by the preset, or from the data with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.models.network.config import Inputs
from tsforecast.models.spec import NO_INPUTS, Part
from tsforecast.models.training.config import TrainingConfig
from tsforecast.series.windows import NO_CALENDAR, Calendar

CLEARLY = 0.01  # share of the error by which a candidate must beat a simpler one


@dataclass(frozen=True)
class Choice:
    """One automatic decision, as it is printed and stored."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class FixedChoices:
    """What must be known before rows are held out: steps forecast, steps in a season, rows before a forecast."""

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
        candidates: models that are trained and combined as validation decides.
        training: how networks are trained.
        choices: what was decided automatically.
        calendar: what is read of the calendar.
        inputs: covariates that the linear model reads.
    """

    model: str
    horizon: int
    lookback: int
    season_length: int
    min_context: int
    log: str
    scaler: str
    candidates: tuple[Part, ...]
    training: TrainingConfig
    choices: tuple[Choice, ...]
    calendar: Calendar = NO_CALENDAR
    inputs: Inputs = NO_INPUTS

    def simple(self, model: str) -> Part:
        """A baseline or the linear model under this plan."""
        lookback = self.lookback if model == "linear" else max(self.lookback, self.season_length)
        return Part(model, 1.0, lookback, inputs=self.inputs if model == "linear" else NO_INPUTS)
