"""The plan of one fit: what was decided by the user, by the preset, or from the data with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.models.local.models import LOCAL_MODELS
from tsforecast.models.network.config import Inputs
from tsforecast.models.spec import NO_INPUTS, Part
from tsforecast.models.training.config import TrainingConfig
from tsforecast.series.windows import NO_CALENDAR, Calendar

Unread = tuple[tuple[int, ...], tuple[int, ...]]
ALL_READ: Unread = ((), ())

CLEARLY = 0.01  # share of the error by which a candidate must beat a simpler one


@dataclass(frozen=True)
class Choice:
    """One automatic decision, as it is printed and stored."""

    name: str
    value: str
    reason: str


@dataclass(frozen=True)
class Brought:
    """What something that is known besides the values brings to a linear model, on windows before the held-out rows.

    Args:
        name: of a column, `holidays` or `calendar`; `all` for all of them together.
        role: what it is, in words; empty for all.
        error: with everything that is read, and with this; in seasonal differences.
        error_without: without this.
    """

    name: str
    role: str
    error: float
    error_without: float

    @property
    def share(self) -> float:
        """Share of the error that it takes away; below zero where it adds to it."""
        return 1 - self.error / self.error_without if 0 < self.error_without < float("inf") else float("nan")


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
        brought: what each of the covariates brings, the calendar and the holidays.
        strengths: of the ridge for each column that is read and for the calendar, as `fit_linear` takes them.
        unread: numbers of the columns known up to now and of those known ahead that no model reads.
        longest: rows of the longest series; local models look back at more than others, but not at more than there are.
        week: steps of the usual week that linear models and networks learn without; 0 for none.
        lookback_asked: whether the user gave the lookback, which then holds for all models.
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
    brought: tuple[Brought, ...] = ()
    strengths: tuple[float, ...] = ()
    unread: Unread = ALL_READ
    longest: int = 0
    week: int = 0
    lookback_asked: bool = False

    def simple(self, model: str) -> Part:
        """A baseline, a local model or the linear model under this plan."""
        lookback = self.lookback if model == "linear" else max(self.lookback, self.season_length)
        local = LOCAL_MODELS.get(model)
        if local and not self.lookback_asked:
            lookback = max(lookback, min(local.lookback(self.season_length), self.longest))
        inputs, week = (self.inputs, self.week) if model == "linear" else (NO_INPUTS, 0)
        return Part(model, 1.0, lookback, inputs=inputs, forms=local.forms if local else 1, week=week)
