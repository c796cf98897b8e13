"""News of a model's retrainings, beside its versions.

last_run.json says how the last run ended that had something to tell: one that found nothing new leaves it as it is.
checked.json says when the last run ended, whatever it found, and when the last one ended well. The moments stand in the
file, because the times of files do not survive a copy.
"""

from __future__ import annotations

import re
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tsforecast.store.bundle.json_fields import Fields
from tsforecast.store.layout import CHECKED, LAST_RUN, is_name
from tsforecast.store.runs.files import read_news, read_stamp, stamp_text, write_news

STATUSES = ("promoted", "unchanged", "waiting", "rejected", "stand-in", "gate", "failed", "skipped")

# A model was published, nothing was new, or the champion has won again: the model in service is looked after.
SUCCESSES = frozenset({0, 3})
_KEYS = (
    "challenger_error",
    "champion_error",
    "exit_code",
    "fingerprint",
    "finished",
    "message",
    "run_id",
    "seconds",
    "status",
    "version",
)
_RUN_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MAX_TEXT = 2000


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


def read_last_run(model_folder: Path, *, trusted: bool = False) -> LastRun | None:
    """How the last retraining of a model ended; None where there was none.

    Args:
        model_folder: STORE/NAME.
        trusted: whether others may own the file and write to it.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
        TrustError: somebody else could have changed it.
    """
    fields = read_news(model_folder / LAST_RUN, _KEYS, trusted=trusted)
    return None if fields is None else _decode(fields)


def write_last_run(model_folder: Path, run: LastRun) -> None:
    """Replace last_run.json; the folder is made where there is none yet. A very long message is cut.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    finished = stamp_text(run.finished)
    write_news(model_folder / LAST_RUN, {**asdict(run), "finished": finished, "message": run.message[:_MAX_TEXT]})


@dataclass(frozen=True)
class LastChecks:
    """When a model was looked after.

    Args:
        ended: moment at which the last retraining ended, in UTC.
        ended_well: moment at which the last one ended with a model that is good enough; None where none did.
    """

    ended: datetime
    ended_well: datetime | None


def read_checked(model_folder: Path, *, trusted: bool = False) -> LastChecks | None:
    """When a model was last looked after; None where no retraining has ended.

    Args:
        model_folder: STORE/NAME.
        trusted: whether others may own the file and write to it.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
        TrustError: somebody else could have changed it.
    """
    fields = read_news(model_folder / CHECKED, ("ended", "ended_well"), trusted=trusted)
    if fields is None:
        # A store of before this file was kept.
        run = read_last_run(model_folder, trusted=trusted)
        return None if run is None else LastChecks(run.finished, run.finished if run.succeeded else None)
    well = None if fields.values["ended_well"] is None else read_stamp(fields, "ended_well")
    return LastChecks(read_stamp(fields, "ended"), well)


def write_checked(model_folder: Path, checked: LastChecks) -> None:
    """Replace checked.json.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    well = None if checked.ended_well is None else stamp_text(checked.ended_well)
    write_news(model_folder / CHECKED, {"ended": stamp_text(checked.ended), "ended_well": well})


def names_of_runs(store: Path) -> list[str]:
    """Names of the models that a retraining has ended for, also where it published nothing; sorted."""
    return sorted(path.parent.name for path in store.glob(f"*/{LAST_RUN}") if is_name(path.parent.name))


def _decode(fields: Fields) -> LastRun:
    if not _RUN_ID.fullmatch(fields.text("run_id")):
        fields.refuse("run_id", "up to 64 letters, digits and ._:-")
    return LastRun(
        run_id=fields.text("run_id"),
        finished=read_stamp(fields, "finished"),
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
