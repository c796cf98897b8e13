"""Where a retraining leaves word of how it ended: a line in a log, a metrics file for a monitor, and the store."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from tsforecast.errors import TsforecastError
from tsforecast.store.bundle.json_fields import moment_text
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    ForecastFile,
    LastChecks,
    LastRun,
    read_checked,
    read_last_run,
    write_checked,
    write_last_run,
)
from tsforecast.workflows.provenance import package_versions
from tsforecast.workflows.retrain.monitoring import RunMetrics, append_record, write_run_metrics
from tsforecast.workflows.retrain.settings import RunTargets


@dataclass(frozen=True)
class RetrainResult:
    """How a retraining ended.

    Args:
        name: of the model.
        status: how it ended (workflows/retrain.py lists the ways).
        message: why, in words.
        version: in service at the end; None without one.
        champion: version in service at the beginning; None without one.
        breaches: of the data gate that ended the run, in words.
        accepted: breaches of the data gate that were accepted, in words.
        metric: that was compared.
        errors: of `challenger`, `champion` and `seasonal-naive` on the rows that none had seen.
        file: where the data came from.
        series: how many.
        rows: of the table.
        last: newest stamp.
        forecast: file that was written; empty for none.
        forecast_file: what the forecast file is now, written or not; None where there is none.
        fingerprint: of the data and all that decides what is trained.
        exit_code: of the process.
    """

    name: str
    status: str = ""
    message: str = ""
    version: int | None = None
    champion: int | None = None
    breaches: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    metric: str = ""
    errors: dict[str, float] = field(default_factory=dict)
    file: str = ""
    series: int = 0
    rows: int = 0
    last: str = ""
    forecast: str = ""
    forecast_file: ForecastFile | None = None
    fingerprint: str = ""
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"forecast_file": None if self.forecast_file is None else self.forecast_file.to_dict()}


def record_run(
    model: StoredModel, result: RetrainResult, targets: RunTargets, run: LastRun, *, locked_out: bool
) -> None:
    """Record a run.

    Args:
        model: the model in the store.
        result: how the run ended.
        targets: where it is recorded besides the store.
        run: the same for the store.
        locked_out: another run holds the lock: what that one says in the store and the metrics file stands.

    Raises:
        OutputError: a file cannot be created.
        StorageError: the disk is full or failed.
    """
    # The log first: it is the one that may lie on another disk than the store.
    if targets.log_file is not None:
        append_record(targets.log_file, _log_record(result, run))
    if locked_out:
        return
    before = _checked_before(model)
    if not (result.status == "unchanged" and _succeeded_before(model)):
        write_last_run(model, run)
    checked = LastChecks(run.finished, run.finished if run.succeeded else _no_later(before, run.finished))
    write_checked(model, checked)
    if targets.metrics_file is not None:
        metrics = RunMetrics(
            model=result.name,
            finished=run.finished,
            exit_code=result.exit_code,
            succeeded=checked.ended_well,
            forecast=None if result.forecast_file is None else result.forecast_file.written,
            seconds=run.seconds,
            published=_published(model),
            version=result.version,
            champion_error=run.champion_error,
            challenger_error=run.challenger_error,
        )
        write_run_metrics(targets.metrics_file, metrics)


def last_run(result: RetrainResult, *, run_id: str, finished: datetime, seconds: float) -> LastRun:
    """A run as the store keeps it."""
    return LastRun(
        run_id=run_id,
        finished=finished,
        status=result.status,
        exit_code=result.exit_code,
        version=result.version,
        fingerprint=result.fingerprint,
        message=result.message,
        champion_error=result.errors.get("champion"),
        challenger_error=result.errors.get("challenger"),
        seconds=seconds,
    )


def _log_record(result: RetrainResult, run: LastRun) -> dict[str, Any]:
    champion, challenger = run.champion_error, run.challenger_error
    return {
        "ts": run.finished.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "run_id": run.run_id,
        "model": result.name,
        "status": result.status,
        "exit": result.exit_code,
        "message": result.message,
        "file": result.file,
        "rows": result.rows,
        "series": result.series,
        "last": result.last,
        "champion": result.champion,
        "version": result.version,
        "metric": result.metric or None,
        "errors": result.errors,
        "margin": 1 - challenger / champion if champion and challenger is not None else None,
        "breaches": list(result.breaches),
        "accepted": list(result.accepted),
        "forecast": result.forecast or None,
        "forecast_version": None if result.forecast_file is None else result.forecast_file.version,
        "forecast_until": None if result.forecast_file is None else result.forecast_file.until,
        "forecast_written": None if result.forecast_file is None else moment_text(result.forecast_file.written),
        "seconds": round(run.seconds, 3),
        "versions": package_versions(),
    }


def _succeeded_before(model: StoredModel) -> bool:
    with suppress(TsforecastError):
        last = read_last_run(model)
        return last is not None and last.succeeded
    return False


def _checked_before(model: StoredModel) -> LastChecks | None:
    with suppress(TsforecastError):
        return read_checked(model)
    return None


def _no_later(checked: LastChecks | None, now: datetime) -> datetime | None:
    """The last success of before; one under a clock that was ahead is none."""
    well = None if checked is None else checked.ended_well
    return None if well is None or well > now else well


def _published(model: StoredModel) -> datetime | None:
    with suppress(TsforecastError):
        # What is told here decides nothing, so that it may come from a store that is not trusted.
        return replace(model, trusted=True).published()
    return None
