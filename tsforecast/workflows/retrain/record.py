"""Records how a retraining ended: a line in a log, the small files of the store, and a metrics file for a monitor."""

from __future__ import annotations

import json
import math
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tsforecast import clock
from tsforecast.errors import OutputError, StorageError, TsforecastError
from tsforecast.files import whole_file, writing
from tsforecast.json_output import plain
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
from tsforecast.workflows.retrain.settings import RetrainRun, RunTargets

T = TypeVar("T")


@dataclass(frozen=True)
class RetrainResult:
    """How a retraining ended.

    Args:
        name: of the model.
        status: how it ended; the package lists the ways.
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


def record_run(run: RetrainRun, result: RetrainResult, targets: RunTargets, *, locked_out: bool) -> None:
    """Record how a run ended; a dry run leaves no trace.

    Args:
        run: what it was asked to do.
        result: how it ended.
        targets: where it is recorded besides the store.
        locked_out: another run holds the lock, whose files in the store and metrics stand.

    Raises:
        OutputError: a file cannot be created.
        StorageError: the disk is full or failed.
    """
    if run.settings.dry_run:
        return
    model, finished = run.model, clock.now()
    last = LastRun(
        run_id=f"{finished:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        finished=finished,
        status=result.status,
        exit_code=result.exit_code,
        version=result.version,
        fingerprint=result.fingerprint,
        message=result.message,
        champion_error=result.errors.get("champion"),
        challenger_error=result.errors.get("challenger"),
        seconds=time.monotonic() - run.began,
    )
    # The log first: it is the one that may lie on another disk than the store.
    if targets.log_file is not None:
        append_record(targets.log_file, _log_record(result, last))
    if locked_out:
        return
    before, last_before = _readable(lambda: read_checked(model)), _readable(lambda: read_last_run(model))
    if result.status != "unchanged" or last_before is None or not last_before.succeeded:
        write_last_run(model, last)
    succeeded = finished if last.succeeded else None if before is None else before.ended_well
    if succeeded is not None and succeeded > finished:  # under a clock that was ahead
        succeeded = None
    write_checked(model, LastChecks(finished, succeeded))
    if targets.metrics_file is not None:
        forecast = None if result.forecast_file is None else result.forecast_file.written
        # It decides nothing, so that it may come from a store that is not trusted.
        published = _readable(replace(model, trusted=True).published)
        write_run_metrics(
            targets.metrics_file, result.name, last, succeeded=succeeded, published=published, forecast=forecast
        )


def _log_record(result: RetrainResult, last: LastRun) -> dict[str, Any]:
    champion, challenger, file = last.champion_error, last.challenger_error, result.forecast_file
    return {
        "ts": last.finished.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "run_id": last.run_id,
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
        "forecast_version": file and file.version,
        "forecast_until": file and file.until,
        "forecast_written": file and file.written,
        "seconds": round(last.seconds, 3),
        "versions": package_versions(),
    }


def _readable(read: Callable[[], T]) -> T | None:
    """What is read; None where that fails."""
    with suppress(TsforecastError):
        return read()
    return None


# What a pipe takes in one piece on every system that we know of.
_MAX_BYTES = 4096

# Characters of a text, and items of a list, at most; tried until the line is short enough.
_CUTS = (1000, 300, 100, 30, 10)

# Not blocking: a pipe that nobody reads would hold the run for ever.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def append_record(target: str, record: Mapping[str, Any]) -> None:
    """Append one line of JSON to a log, in a single write, so that two runs at once do not mix their lines.

    The file is opened for each line, so that a log which was rotated meanwhile is begun anew.

    Args:
        target: the file, which is created if need be; `-` is stdout.
        record: values by name; long texts and lists are cut to keep the line below 4 KB.

    Raises:
        OutputError: the log cannot be opened, or stdout is closed.
        StorageError: the disk is full or failed.
    """
    line = _line(record)
    if target == "-":
        if sys.stdout is None:
            raise OutputError("stdout is closed, so the log cannot go there", hint="name a file")
        with writing("stdout"):
            sys.stdout.write(line.decode("ascii"))
            sys.stdout.flush()
        return
    with writing(target):
        handle = os.open(target, _FLAGS, 0o640)
        try:
            written = os.write(handle, line)
        finally:
            os.close(handle)
    if written < len(line):
        raise StorageError("only a part of the line could be written", hint="check the disk", file=target)


def _line(record: Mapping[str, Any]) -> bytes:
    values = plain(dict(record))
    line = _encode(values)
    for limit in _CUTS:
        if len(line) < _MAX_BYTES:
            break
        line = _encode(_cut(values, limit))
    return line


def _encode(values: Any) -> bytes:
    # ASCII, so that it reads the same in any locale and a name that is no text has its place too.
    return (json.dumps(values, allow_nan=False) + "\n").encode("ascii")


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= limit else f"{value[: limit - 3]}..."
    if isinstance(value, list):
        return [_cut(item, limit) for item in value[:limit]]
    if isinstance(value, dict):
        return {key: _cut(item, limit) for key, item in value.items()}
    return value


# The same words in each model's file: the collector refuses two texts for one metric.
_LAST_SUCCESS = "When a retraining last ended well: published, nothing new, or the champion kept."
_HELP = {
    "last_success_timestamp_seconds": _LAST_SUCCESS,
    "last_run_timestamp_seconds": "When the last retraining ended.",
    "last_run_exit_code": "Exit status of the last retraining.",
    "model_age_seconds": "Time from the publication of the version in service to the last retraining.",
    "model_version": "Number of the version in service.",
    "champion_error": "Error of the version that was in service, on the hold-out of the last retraining.",
    "challenger_error": "Error of the newly trained model, on the same hold-out.",
    "forecast_timestamp_seconds": "When the forecast file was written as it is now.",
    "duration_seconds": "How long the last retraining took.",
}


def write_run_metrics(
    path: str | Path,
    model: str,
    last: LastRun,
    *,
    succeeded: datetime | None,
    published: datetime | None,
    forecast: datetime | None,
) -> None:
    """Replace the metrics file of a model, for Prometheus' textfile collector; values that are None are left out.

    Args:
        path: a file of the collector's folder, ending in .prom.
        model: its name in the store.
        last: the run that has ended.
        succeeded: moment at which a run last ended well, this one or one before.
        published: moment at which the version in service was published.
        forecast: moment at which the forecast file was written.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    finished = last.finished.timestamp()
    values: dict[str, float | None] = {
        "last_success_timestamp_seconds": None if succeeded is None else succeeded.timestamp(),
        "last_run_timestamp_seconds": finished,
        "last_run_exit_code": last.exit_code,
        "model_age_seconds": None if published is None else finished - published.timestamp(),
        "model_version": last.version,
        "champion_error": last.champion_error,
        "challenger_error": last.challenger_error,
        "forecast_timestamp_seconds": None if forecast is None else forecast.timestamp(),
        "duration_seconds": last.seconds,
    }
    escaped = model.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    with whole_file(path) as stream:
        # The collector runs as another user, whatever the umask of this one.
        os.fchmod(stream.fileno(), 0o644)
        for name, value in values.items():
            if value is not None and math.isfinite(value):
                about = f"# HELP tsforecast_{name} {_HELP[name]}\n# TYPE tsforecast_{name} gauge\n"
                stream.write(f'{about}tsforecast_{name}{{model="{escaped}"}} {value!r}\n'.encode())
