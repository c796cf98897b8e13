"""The log of runs: one line of JSON for each, so short and written so that two runs at once do not mix theirs.

The file is opened anew for each line: a log that was rotated meanwhile is begun anew, and none is kept open.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.errors import OutputError, StorageError
from tsforecast.files import whole_file, writing
from tsforecast.json_output import plain

# What a pipe takes in one piece on every system that we know of.
_MAX_BYTES = 4096

# Characters of a text, and items of a list, at most; tried until the line is short enough.
_CUTS = (1000, 300, 100, 30, 10)

# Not blocking: a pipe that nobody reads would hold the run for ever.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def append_record(target: str, record: Mapping[str, Any]) -> None:
    """Append one line to a log.

    Args:
        target: the file, which is made if need be; `-` is stdout.
        record: values by name, some dozens at most. Long texts and lists are cut to keep the line below 4 KB.

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


_SUCCESS = "tsforecast_last_success_timestamp_seconds"

# The same words in each file: the collector refuses two texts for one metric.
_HELP = {
    _SUCCESS: "When a retraining last ended well: published, nothing new, or the champion kept.",
    "tsforecast_last_run_timestamp_seconds": "When the last retraining ended.",
    "tsforecast_last_run_exit_code": "Exit status of the last retraining.",
    "tsforecast_model_age_seconds": "Time from the publication of the version in service to the last retraining.",
    "tsforecast_model_version": "Number of the version in service.",
    "tsforecast_champion_error": "Error of the version that was in service, on the hold-out of the last retraining.",
    "tsforecast_challenger_error": "Error of the newly trained model, on the same hold-out.",
    "tsforecast_forecast_timestamp_seconds": "When the forecast file was written as it is now.",
    "tsforecast_duration_seconds": "How long the last retraining took.",
}


@dataclass(frozen=True)
class RunMetrics:
    """What a run tells a monitor; None where there is no such value.

    Args:
        model: its name in the store.
        finished: moment at which the run ended, with a time zone.
        exit_code: status that the process ends with.
        succeeded: moment at which a run last ended well, this one or one before.
        seconds: that the run took.
        published: moment at which the version in service was published.
        version: number of the version in service.
        champion_error: in the metric of the duel.
        challenger_error: the same.
        forecast: moment at which the forecast file was written.
    """

    model: str
    finished: datetime
    exit_code: int
    succeeded: datetime | None
    seconds: float
    published: datetime | None = None
    version: int | None = None
    champion_error: float | None = None
    challenger_error: float | None = None
    forecast: datetime | None = None


def write_run_metrics(path: str | Path, run: RunMetrics) -> None:
    """Replace the file of a model.

    Args:
        path: a file of the collector's folder, ending in .prom.
        run: what to tell.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    label = _label(run.model)
    finished = run.finished.timestamp()
    values: dict[str, float | None] = {
        _SUCCESS: run.succeeded.timestamp() if run.succeeded else None,
        "tsforecast_last_run_timestamp_seconds": finished,
        "tsforecast_last_run_exit_code": run.exit_code,
        "tsforecast_model_age_seconds": finished - run.published.timestamp() if run.published else None,
        "tsforecast_model_version": run.version,
        "tsforecast_champion_error": run.champion_error,
        "tsforecast_challenger_error": run.challenger_error,
        "tsforecast_forecast_timestamp_seconds": run.forecast.timestamp() if run.forecast else None,
        "tsforecast_duration_seconds": run.seconds,
    }
    with whole_file(path) as stream:
        # The collector runs as another user, whatever the umask of this one.
        os.fchmod(stream.fileno(), 0o644)
        for name, value in values.items():
            if value is not None and math.isfinite(value):
                sample = f"# HELP {name} {_HELP[name]}\n# TYPE {name} gauge\n{name}{label} {value!r}\n"
                stream.write(sample.encode())


def _label(model: str) -> str:
    escaped = model.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    return f'{{model="{escaped}"}}'
