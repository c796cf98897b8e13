"""The settings of a retraining, as plain values with their defaults, which the command line shows without NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tsforecast.io.options import ReadOptions
from tsforecast.models.options import DEFAULT_LEVELS, FitOptions
from tsforecast.progress import Report

if TYPE_CHECKING:
    from tsforecast.models.training.session import Budget
    from tsforecast.store.model import StoredModel
    from tsforecast.store.store import Store

# Fact of a version: a simple model that is in service because the champion failed.
STANDS_IN = "stands_in"


@dataclass(frozen=True)
class AcceptAfter:
    """For how long a change of the data has to last until the data gate accepts it by itself.

    Where both are None: a season of the model, but at most its horizon, in steps of the data.

    Args:
        runs: number of runs in a row.
        seconds: time since the first of these runs.
    """

    runs: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class RetrainSettings:
    """How a retraining works.

    Args:
        warm: start from the champion's weights instead of from scratch.
        force: train although nothing is new; without unseen rows the challenger only has to beat the seasonal naive.
        dry_run: decide, and change nothing.
        resume: continue an interrupted training of the same data and options.
        wait: seconds to wait for the lock.
        if_locked: `fail`, or `skip` where another running retraining is no error.
        deadline: seconds for the whole run; training ends early enough for it with the best weights so far.
        keep: versions to keep besides the one in service and the one before it; None keeps all.
        predict_to: file for the forecast of the model in service at the end.
        levels: of its intervals, in percent.
        ended_after: steps after its last row at which a series leaves the forecast; `horizon` for the model's horizon,
            after which all of its forecast would lie in the past; None for never.
        accept: continue whatever the data gate finds, this once.
        accept_after: when the data gate accepts a change by itself; None for never.
        trusted: read a store that other users could have changed.
    """

    warm: bool = False
    force: bool = False
    dry_run: bool = False
    resume: bool = False
    wait: float = 0.0
    if_locked: str = "fail"
    deadline: float | None = None
    keep: int | None = 10
    predict_to: str | None = None
    levels: tuple[float, ...] = DEFAULT_LEVELS
    ended_after: int | Literal["horizon"] | None = "horizon"
    accept: bool = False
    accept_after: AcceptAfter | None = AcceptAfter()
    trusted: bool = False


@dataclass(frozen=True)
class GateLimits:
    """Limits of the data gate; None turns one off. "Before" is the table that the gate accepted last.

    Args:
        max_fewer_rows: share by which the number of rows may have fallen.
        max_fewer_series: share by which the number of series may have fallen.
        max_missing: share of filled-in values among the newest rows.
        max_new_series: share of series that were not there before.
        max_lost_series: share of the earlier series that are gone.
        max_shift: change of level or spread of the new rows, and of rows that the version in service knows, in robust
            deviations of the typical series.
        max_outlier: how many times as far from its series' median a new value may lie as any value before.
        max_age: of the last stamp, in seconds.
        max_ahead: steps that the last stamp may lie after now.
        require_advance: whether the last stamp must be later than that of the version in service.
        same_schema: whether columns and frequency must be those of the version in service.
    """

    max_fewer_rows: float | None = 0.1
    max_fewer_series: float | None = 0.1
    max_missing: float | None = 0.05
    max_new_series: float | None = 0.2
    max_lost_series: float | None = 0.2
    max_shift: float | None = 6.0
    max_outlier: float | None = 50.0
    max_age: float | None = None
    max_ahead: int | None = 1
    require_advance: bool = True
    same_schema: bool = True


@dataclass(frozen=True)
class PromotionRules:
    """When a challenger replaces the champion.

    Args:
        promote: `not-worse`, so that newer weights win a tie, or `better`, so that the difference has to be
            significant.
        tolerance: share by which its error may exceed the champion's and still be a tie.
        beat_naive: whether a challenger that is clearly worse than the seasonal naive loses, and a champion that is
            gives way to a simple model.
        min_new_rows: of the typical series, below which nothing is trained; None for a quarter of the horizon.
    """

    promote: str = "not-worse"
    tolerance: float = 0.05
    beat_naive: bool = True
    min_new_rows: int | None = None


@dataclass(frozen=True)
class RunTargets:
    """Where a run is recorded besides the store.

    Args:
        log_file: receives one line of JSON per run; `-` is stdout; None for none.
        metrics_file: for Prometheus' textfile collector; None for none.
    """

    log_file: str | None = None
    metrics_file: str | None = None


@dataclass(frozen=True)
class RetrainRun:
    """All that one retraining was asked to do; its steps share it. `began` is a moment on time.monotonic()."""

    source: str
    options: FitOptions
    reading: ReadOptions
    store: Store
    name: str
    settings: RetrainSettings
    limits: GateLimits
    rules: PromotionRules
    report: Report
    began: float
    budget: Budget

    @property
    def model(self) -> StoredModel:
        """The model in the store."""
        return self.store.model(self.name)
