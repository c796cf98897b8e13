"""The settings of a retraining: what it is told besides what `fit` is told. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tsforecast.io.writing.forecasts import endings_in_words
from tsforecast.options import DEFAULT_LEVELS, Checked, option

if TYPE_CHECKING:
    from tsforecast.io.options import ReadOptions
    from tsforecast.models.options import FitOptions
    from tsforecast.models.training.session import Budget
    from tsforecast.progress import Report
    from tsforecast.store.model import StoredModel
    from tsforecast.store.store import Store

_ENDINGS = endings_in_words()

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
class RetrainSettings(Checked):
    """How a retraining goes about it.

    Args:
        levels: of the intervals of the forecast, in percent.
        trusted: read a store that somebody else could have changed.
    """

    warm: bool = option(False, "Comparison", "Train the champion's weights on, or search anew.", opposite="--cold")
    accept: bool = option(
        False, "Data gate", "Go on whatever the gate says, this once; later runs compare with this table."
    )
    accept_after: AcceptAfter | None = option(
        AcceptAfter(),
        "Data gate",
        "Runs or time until series that come or go, another level and fewer rows are accepted; off for never.",
        unset="a season, at most a horizon, of new rows",
        metavar="N|DURATION",
    )
    dry_run: bool = option(False, "Run", "Decide, and change nothing.", usual=True)
    force: bool = option(False, "Run", "Train though nothing is new; then beating the naive is enough.")
    resume: bool = option(False, "Run", "Go on with an interrupted training of the same data and options.")
    deadline: float | None = option(
        None,
        "Run",
        "For the whole run, such as 45m: then the best weights so far are compared.",
        unset="none",
        least=0,
        duration=True,
    )
    wait: float = option(0, "Run", "For another retraining of the model to end.", least=0, duration=True)
    if_locked: str = option(
        "fail", "Run", "When it has not ended by then: exit with 75 or with 0.", choices=("fail", "skip")
    )
    predict_to: str | None = option(
        None,
        "Output",
        f"Forecast with the model in service at the end: {_ENDINGS}.",
        unset="none",
        metavar="FILE",
        usual=True,
    )
    ledger: bool = option(False, "Output", "Note the forecast of --predict-to for `tsforecast score`.")
    ended_after: int | Literal["horizon"] | None = option(
        "horizon",
        "Output",
        "Steps after its last row at which a series leaves the forecast; off for never.",
        unset="the horizon",
        metavar="N",
    )
    calibration: Literal["living", "fixed"] = option(
        "living",
        "Output",
        "Of the forecast's intervals: living ones learn from the rows that the model has not seen.",
        choices=("living", "fixed"),
    )
    keep: int | None = option(10, "Store", "Newest versions to keep.", least=1, usual=True)
    levels: tuple[float, ...] = DEFAULT_LEVELS
    trusted: bool = False


def _limit(default: float | None, help: str, **details: Any) -> Any:
    return option(default, "Data gate", help, off=True, **details)


def _share(default: float, help: str) -> Any:
    return _limit(default, help, least=0, most=1)


@dataclass(frozen=True)
class GateLimits(Checked):
    """Limits of the data gate; None turns one off. The version in service is the champion.

    Shares are between 0 and 1; rows and series are compared with those of the table that was accepted last.
    `max_missing` and `max_outlier` look at the new rows; a shift is one of the typical series. `max_age` is in seconds.
    """

    max_fewer_rows: float | None = _share(0.1, "Share of the rows that may be missing against the last run.")
    max_fewer_series: float | None = _share(0.1, "The same of the series.")
    max_missing: float | None = _share(0.05, "Share of missing values in the new rows.")
    max_new_series: float | None = _share(0.2, "Share of series that the champion does not know.")
    max_lost_series: float | None = _share(0.2, "Share of the champion's series that are gone.")
    max_shift: float | None = _limit(6.0, "Change of level or spread, in robust standard deviations.", above=0)
    max_outlier: float | None = _limit(50.0, "Distance of a value, times the largest one before.", above=0)
    max_age: float | None = _limit(None, "Age of the newest row.", above=0, duration=True)
    max_ahead: int | None = _limit(1, "Steps by which the newest row may lie in the future.", least=0)
    require_advance: bool = option(True, "Data gate", "Refuse data whose newest row is not newer than the champion's.")
    same_schema: bool = option(True, "Data gate", "Refuse other columns or another step.")
    fail_on_anomaly: bool = option(
        False, "Data gate", "Refuse data whose new rows hold an anomaly, as `tsforecast detect` finds them."
    )


@dataclass(frozen=True)
class PromotionRules(Checked):
    """When a challenger takes the champion's place. `min_new_rows` counts those of the typical series."""

    promote: str = option(
        "not-worse",
        "Comparison",
        "Newer weights win a tie, or have to be significantly better.",
        choices=("not-worse", "better"),
    )
    tolerance: float = option(0.05, "Comparison", "Share by which the error may be larger and still be a tie.", least=0)
    beat_naive: bool = option(
        True, "Comparison", "A model clearly worse than the seasonal naive does not win, nor stay."
    )
    min_new_rows: int | None = option(
        None,
        "Comparison",
        "New rows to wait for; never fewer than make a horizon of unseen ones.",
        unset="a quarter of the horizon",
        least=1,
    )


@dataclass(frozen=True)
class RunTargets:
    """Where a run is recorded besides the store."""

    log_file: str | None = option(
        None, "Output", "Append one line of JSON per run; - for stdout.", unset="none", metavar="FILE", usual=True
    )
    metrics_file: str | None = option(
        None, "Output", "For Prometheus' textfile collector.", unset="none", metavar="FILE.prom"
    )


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
