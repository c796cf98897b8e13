"""`status`: whether each model is in service, when it was last looked after, and how its last retraining ended."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tsforecast.errors import GateError, TsforecastError
from tsforecast.io.times.formats import STEP
from tsforecast.series.frequency import DAY
from tsforecast.store.ledger.facts import LedgerFacts, ledger_facts
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    ForecastFile,
    LastChecks,
    LastRun,
    OpenBreach,
    names_of_runs,
    read_checked,
    read_forecast_files,
    read_gate_state,
    read_last_run,
)
from tsforecast.store.store import Store
from tsforecast.workflows.ages import age_text
from tsforecast.workflows.retrain.settings import STANDS_IN

# A moment so much later than now is none: it was written under a clock that was ahead.
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class ModelStatus:
    """What an operator wants to know of a model.

    Args:
        name: name of the model.
        version: version in service; None where there is none.
        published: when it was published, in UTC; None where that cannot be read.
        trained_until: the newest stamp of the data that it was trained on, with a Z where it is in UTC; None where that
            is not known.
        last_run: how the last retraining ended; None where there was none.
        checked: when the last retraining ended, and the last one that ended well; None where there was none.
        breaches: limits of the data gate that have not been kept since some runs.
        forecasts: forecast files that retrainings have written.
        ledger: the forecasts that were noted; None where none was.
        stands_in: whether a simple model is in service because the one before it failed.
        error: why the model cannot be used, or what is known of it not be read; None for a sound one.
    """

    name: str
    version: int | None = None
    published: datetime | None = None
    trained_until: str | None = None
    last_run: LastRun | None = None
    checked: LastChecks | None = None
    breaches: tuple[OpenBreach, ...] = ()
    forecasts: tuple[ForecastFile, ...] = ()
    ledger: LedgerFacts | None = None
    stands_in: bool = False
    error: TsforecastError | None = None

    def looked_after(self, now: datetime) -> datetime | None:
        """When it was last published, or found to be good enough by a retraining; None if never.

        A moment in the future counts as never: a clock was wrong then.
        """
        well = None if self.checked is None else self.checked.ended_well
        moments = (moment for moment in (self.published, well) if moment is not None)
        return max((moment for moment in moments if moment <= now + _CLOCKS_DIFFER), default=None)

    def age(self, now: datetime) -> float | None:
        """Seconds since then."""
        moment = self.looked_after(now)
        return None if moment is None else max(0.0, (now - moment).total_seconds())

    def to_dict(self, now: datetime) -> dict[str, Any]:
        """Plain values for JSON."""
        run = self.last_run
        return {
            "name": self.name,
            "version": self.version,
            "stands_in": self.stands_in,
            "published": _iso(self.published),
            "trained_until": self.trained_until,
            "last_run": asdict(run) | {"finished": _iso(run.finished)} if run else None,
            "checked": _iso(self.checked.ended) if self.checked else None,
            "ended_well": _iso(self.checked.ended_well) if self.checked else None,
            "age_seconds": self.age(now),
            "breaches": [asdict(breach) | {"since": _iso(breach.since)} for breach in self.breaches],
            "forecasts": [
                file.to_dict() | {"age_seconds": max(0.0, (now - file.written).total_seconds())}
                for file in self.forecasts
            ],
            "ledger": self.ledger.to_dict() if self.ledger else None,
            "problem": self.error.to_dict() if self.error else None,
        }


def read_status(store: Store, name: str | None = None) -> list[ModelStatus]:
    """The models of a store in the order of their names, or one of them. A damaged one is listed with its error.

    Args:
        store: the store.
        name: name of the model; None takes all.

    Raises:
        InputMissingError: the store cannot be read, holds no model, or none of that name.
    """
    names = sorted({*store.names(), *names_of_runs(store.folder)})
    store.check_known(name, names)
    return [_status(store.model(each)) for each in (names if name is None else [name])]


def with_limit(models: Sequence[ModelStatus], max_age: float, now: datetime) -> list[ModelStatus]:
    """The same, with an error for each sound model that has not been looked after for more than `max_age` seconds."""
    return [model if model.error else replace(model, error=_stale(model, max_age, now)) for model in models]


def worst(models: Sequence[ModelStatus]) -> int:
    """The exit status of all together: a model that cannot be used counts for more than an old one."""
    return max((model.error.exit_code for model in models if model.error), default=0)


def _status(model: StoredModel) -> ModelStatus:
    status, problem = ModelStatus(model.name), None
    try:
        status = replace(
            status,
            checked=read_checked(model),
            last_run=read_last_run(model),
            breaches=read_gate_state(model).breaches,
            forecasts=read_forecast_files(model),
            ledger=ledger_facts(model.folder, trusted=model.trusted),
        )
    except TsforecastError as error:
        problem = error
    try:
        status = replace(status, version=model.in_service())
        found = model.describe()
    except TsforecastError as error:
        # What is wrong with the model matters more than what is wrong with the news of it.
        return replace(status, error=error)
    stands_in = found.details["provenance"].get(STANDS_IN) is True
    until = _trained_until(found.details)
    return replace(status, published=found.published, trained_until=until, stands_in=stands_in, error=problem)


def _trained_until(details: dict[str, Any]) -> str | None:
    if details["schema"]["time_formats"] == [STEP]:
        return None  # steps have numbers and no time
    with suppress(ValueError):
        text = datetime.fromisoformat(str(details["provenance"].get("last"))).isoformat()
        frequency = details["frequency"]
        zoned = details["schema"]["time_zone"] is not None
        return f"{text}Z" if zoned and frequency["kind"] == "fixed" and frequency["step"] < DAY else text
    return None


def _stale(model: ModelStatus, max_age: float, now: datetime) -> GateError | None:
    age = model.age(now)
    if age is not None and age <= max_age:
        return None
    since = "never" if age is None else f"{age_text(age)} ago"
    if age is None and model.published is not None:
        since = f"at {model.published:%Y-%m-%d %H:%M} UTC, which lies in the future: a clock is or was wrong"
    return GateError(
        f"model '{model.name}' was last looked after {since}, the limit is {age_text(max_age)}",
        hint=f"the last retraining {_outcome(model.last_run)}",
    )


def _outcome(run: LastRun | None) -> str:
    if run is None:
        return "has left no trace"
    return f"ended with status {run.exit_code} at {run.finished:%Y-%m-%d %H:%M} UTC: {run.status}, {run.message}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
