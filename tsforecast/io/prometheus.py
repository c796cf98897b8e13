"""What a monitor wants to know of the last run, in the text format that Prometheus' textfile collector reads.

One file for each model. It is replaced as a whole, so that the collector never reads half of one.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tsforecast.files import whole_file

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
