"""last_run.json: how the last retraining of a model ended, beside its versions.

A run that found nothing new only renews the file's time: the file says how the last one ended that had something to
tell, and its time when the model was last looked after.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tsforecast.errors import StorageError
from tsforecast.files import json_bytes, whole_file, writing
from tsforecast.store.fields import Fields, parse_json, read_fields
from tsforecast.store.layout import LAST_RUN, is_name
from tsforecast.store.reading import read_file

STATUSES = ("promoted", "unchanged", "waiting", "rejected", "gate", "failed", "skipped")
# The challenger was published, nothing was new, or the champion has won again: the model in service is looked after.
SUCCESSES = frozenset({0, 3})
_KEYS = (
    "challenger_error",
    "champion_error",
    "exit_code",
    "fingerprint",
    "finished",
    "format_version",
    "message",
    "run_id",
    "seconds",
    "status",
    "version",
)
FORMAT_VERSION = 1
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"
_RUN_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MAX_TEXT, _MAX_BYTES = 2000, 1 << 15


@dataclass(frozen=True)
class LastRun:
    """How a retraining ended.

    Args:
        run_id: the same as in the log; up to 64 letters, digits and `._:-`.
        finished: moment in UTC.
        status: one of `STATUSES`.
        exit_code: status that the process ended with.
        version: in service afterwards, None where there is none.
        fingerprint: of the data and the options, so that the next run knows whether anything is new.
        message: what was decided, or what went wrong.
        champion_error: on the hold-out, in the metric of the duel; None where nothing was compared.
        challenger_error: the same of the challenger.
        seconds: that the run took.
    """

    run_id: str
    finished: datetime
    status: str
    exit_code: int
    version: int | None
    fingerprint: str
    message: str
    champion_error: float | None
    challenger_error: float | None
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether the model in service was looked after."""
        return self.exit_code in SUCCESSES


def read_last_run(model_folder: Path) -> LastRun | None:
    """How the last retraining of a model ended; None where there was none.

    Args:
        model_folder: STORE/NAME.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
    """
    path = model_folder / LAST_RUN
    try:
        data = read_file(path, _MAX_BYTES)
    except FileNotFoundError:
        return None
    return _decode(data, str(path))


def write_last_run(model_folder: Path, run: LastRun) -> None:
    """Replace last_run.json; the folder is made where there is none yet. A very long message is cut.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    finished = run.finished.astimezone(UTC).strftime(_STAMP)
    facts = {**asdict(run), "finished": finished, "message": run.message[:_MAX_TEXT]}
    data = json_bytes({**facts, "format_version": FORMAT_VERSION})
    with writing(model_folder):
        model_folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    with whole_file(model_folder / LAST_RUN) as stream:
        stream.write(data)


def touch_last_run(model_folder: Path) -> None:
    """Note that the model was looked after just now; not a byte of the file changes.

    Raises:
        OutputError: there is no such file, or it may not be changed.
        StorageError: the disk failed.
    """
    with writing(model_folder / LAST_RUN):
        os.utime(model_folder / LAST_RUN)


def last_checked(model_folder: Path) -> datetime | None:
    """When the last retraining of a model ended, whether it found anything new or not; in UTC, None if there was none.

    Raises:
        StorageError: the disk failed.
    """
    try:
        return datetime.fromtimestamp(os.lstat(model_folder / LAST_RUN).st_mtime, UTC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except OSError as error:
        raise StorageError(f"cannot be read: {error.strerror}", file=str(model_folder / LAST_RUN)) from error


def names_of_runs(store: Path) -> list[str]:
    """Names of the models that a retraining has ended for, also where it published nothing; sorted."""
    return sorted(path.parent.name for path in store.glob(f"*/{LAST_RUN}") if is_name(path.parent.name))


def _decode(data: bytes, file: str) -> LastRun:
    fields = read_fields(parse_json(data, file), _KEYS, file=file)
    fields.integer("format_version", FORMAT_VERSION, FORMAT_VERSION)
    if not _RUN_ID.fullmatch(fields.text("run_id")):
        fields.refuse("run_id", "up to 64 letters, digits and ._:-")
    return LastRun(
        run_id=fields.text("run_id"),
        finished=_stamp(fields),
        status=fields.text("status", STATUSES),
        exit_code=fields.integer("exit_code", 0, 255),
        version=None if fields.values["version"] is None else fields.integer("version", 1, 999_999),
        fingerprint=fields.text("fingerprint"),
        message=fields.text("message"),
        champion_error=_error(fields, "champion_error"),
        challenger_error=_error(fields, "challenger_error"),
        seconds=fields.number("seconds", 0, sys.float_info.max),
    )


def _error(fields: Fields, key: str) -> float | None:
    return None if fields.values[key] is None else fields.number(key, 0, sys.float_info.max)


def _stamp(fields: Fields) -> datetime:
    try:
        return datetime.strptime(fields.text("finished"), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        fields.refuse("finished", "a moment such as 2026-01-31T06:00:00.000000Z")
