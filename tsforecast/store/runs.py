"""What the retrainings of a model leave beside its versions: small JSON files, written as a whole and read strictly.

last_run.json says how the last run ended that had something to tell: one that found nothing new leaves it as it is.
checked.json says when the last run ended, whatever it found, and when the last one ended well. gate.json says what the
data gate has accepted. forecasts.json says which forecast files were written, and what each of them was made of.
Moments stand in the files, because the times of files do not survive a copy.

Each function that reads raises InputMissingError where the file cannot be opened, ModelError where it is damaged,
StorageError where the disk failed, and TrustError where somebody else could have changed it. Each one that writes makes
the folder of the model if need be, and raises OutputError or StorageError.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.files import whole_file, writing
from tsforecast.json_output import json_bytes, plain
from tsforecast.store.bundle.json_fields import Fields, is_text, parse_json, read_fields
from tsforecast.store.layout import CHECKED, FORECASTS, GATE, LAST_RUN, is_name
from tsforecast.store.model import StoredModel
from tsforecast.store.safe_files import FOLDER_MODE, read_file

STATUSES = ("promoted", "unchanged", "waiting", "rejected", "stand-in", "gate", "failed", "skipped")

# A model was published, nothing was new, or the champion has won again: the model in service is looked after.
SUCCESSES = frozenset({0, 3})

_FORMAT_VERSION = 1
_MAX_BYTES = 1 << 15
_MAX_GATE_BYTES = 1 << 28  # some hundred bytes for each of a million series
_MAX_FORECASTS_BYTES = 1 << 20
_MAX_TEXT = 2000
_MAX_BREACHES = 100
_MOST_FORECASTS = 50  # files of one model; the oldest are forgotten
_MOST_VERSIONS = 999_999
_CHUNK = 1 << 20
_RUN_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def _read(model: StoredModel, file: str, keys: tuple[str, ...], *, most: int = _MAX_BYTES) -> Fields | None:
    """The fields of a file, which has exactly these keys; None where there is no file."""
    path = model.folder / file
    try:
        data = read_file(path, most, trusted=model.trusted)
    except FileNotFoundError:
        return None
    fields = read_fields(parse_json(data, str(path)), (*keys, "format_version"), file=str(path))
    fields.integer("format_version", _FORMAT_VERSION, _FORMAT_VERSION)
    return fields


def _write(model: StoredModel, file: str, facts: dict[str, Any]) -> None:
    with writing(model.folder):
        model.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    with whole_file(model.folder / file) as stream:
        stream.write(json_bytes({**facts, "format_version": _FORMAT_VERSION}))


@dataclass(frozen=True)
class LastRun:
    """How a retraining ended.

    Args:
        run_id: the same as in the log; up to 64 letters, digits and `._:-`.
        finished: moment in UTC.
        status: one of `STATUSES`.
        exit_code: status that the process ended with.
        version: version in service afterwards; None where there is none.
        fingerprint: SHA-256 of the data and the options, so that the next run knows whether anything is new.
        message: what was decided, or what went wrong.
        champion_error: error on the held-out rows, in the metric that decides; None where nothing was compared.
        challenger_error: the same of the challenger.
        seconds: how long the run took.
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


def read_last_run(model: StoredModel) -> LastRun | None:
    """How the last retraining ended; None where there was none."""
    fields = _read(model, LAST_RUN, tuple(LastRun.__dataclass_fields__))
    if fields is None:
        return None
    if not _RUN_ID.fullmatch(fields.text("run_id")):
        fields.refuse("run_id", "up to 64 letters, digits and ._:-")
    return LastRun(
        run_id=fields.text("run_id"),
        finished=fields.moment("finished"),
        status=fields.text("status", STATUSES),
        exit_code=fields.integer("exit_code", 0, 255),
        version=fields.optional("version", fields.integer, 1, _MOST_VERSIONS),
        fingerprint=fields.text("fingerprint"),
        message=fields.text("message"),
        champion_error=fields.optional("champion_error", fields.number, 0, sys.float_info.max),
        challenger_error=fields.optional("challenger_error", fields.number, 0, sys.float_info.max),
        seconds=fields.number("seconds", 0, sys.float_info.max),
    )


def write_last_run(model: StoredModel, run: LastRun) -> None:
    """Replace last_run.json. A very long message is cut."""
    _write(model, LAST_RUN, asdict(run) | {"message": run.message[:_MAX_TEXT]})


def names_of_runs(store: Path) -> list[str]:
    """Names of the models that a retraining has ended for, also where it published nothing; sorted."""
    return sorted(path.parent.name for path in store.glob(f"*/{LAST_RUN}") if is_name(path.parent.name))


@dataclass(frozen=True)
class LastChecks:
    """When a model was looked after, in UTC.

    Args:
        ended: when the last retraining ended.
        ended_well: when the last one ended with a model that is good enough; None where none did.
    """

    ended: datetime
    ended_well: datetime | None


def read_checked(model: StoredModel) -> LastChecks | None:
    """When a model was last looked after; None where no retraining has ended."""
    fields = _read(model, CHECKED, ("ended", "ended_well"))
    if fields is None:  # the store of a release that did not write this file
        run = read_last_run(model)
        return None if run is None else LastChecks(run.finished, run.finished if run.succeeded else None)
    return LastChecks(fields.moment("ended"), fields.optional("ended_well", fields.moment))


def write_checked(model: StoredModel, checked: LastChecks) -> None:
    """Replace checked.json."""
    _write(model, CHECKED, asdict(checked))


@dataclass(frozen=True)
class Seen:
    """What a table held. New data are compared with the table that the gate accepted last, so that a change is held
    against them once, however long the version in service stays.

    Args:
        step: alias of its frequency.
        rows: number of rows of the table; None where that is not known.
        ids: ids of its series, as many texts each as the schema has key columns.
        ends: ordinal after the last row of each series.
        revised: how far rows that the version in service remembers had moved, in robust deviations.
    """

    step: str
    rows: int | None
    ids: tuple[tuple[str, ...], ...]
    ends: tuple[int, ...]
    revised: float = 0.0


@dataclass(frozen=True)
class OpenBreach:
    """A limit that has not been kept in the last runs.

    Args:
        limit: its name among GateLimits, and the column where there is one.
        since: moment of the first of these runs, in UTC.
        runs: number of these runs.
        first_end: ordinal after the newest row in the first of them.
    """

    limit: str
    since: datetime
    runs: int
    first_end: int


@dataclass(frozen=True)
class GateState:
    """What the data gate remembers from run to run.

    Args:
        seen: the table that was accepted last; None where none was.
        version: the version that was in service then; None for none.
        breaches: limits that have not been kept since.
    """

    seen: Seen | None = None
    version: int | None = None
    breaches: tuple[OpenBreach, ...] = ()


def read_gate_state(model: StoredModel) -> GateState:
    """What the gate remembers of a model; nothing where no retraining has passed or failed it."""
    fields = _read(model, GATE, ("breaches", "seen", "version"), most=_MAX_GATE_BYTES)
    if fields is None:
        return GateState()
    breaches = fields.items("breaches", tuple(OpenBreach.__dataclass_fields__), 0, _MAX_BREACHES)
    return GateState(
        seen=_seen(fields),
        version=fields.optional("version", fields.integer, 1, _MOST_VERSIONS),
        breaches=tuple(
            OpenBreach(
                one.text("limit"),
                one.moment("since"),
                one.integer("runs", 1, 1 << 40),
                one.integer("first_end", -(1 << 62), 1 << 62),
            )
            for one in breaches
        ),
    )


def write_gate_state(model: StoredModel, state: GateState) -> None:
    """Replace gate.json."""
    _write(model, GATE, asdict(state))


def _seen(fields: Fields) -> Seen | None:
    if fields.values["seen"] is None:
        return None
    seen = fields.fields("seen", tuple(Seen.__dataclass_fields__))
    ids = seen.each("ids", lambda key: isinstance(key, list) and all(map(is_text, key)), "a list of lists of texts")
    ends = seen.integers("ends", -(1 << 62), 1 << 62)
    if len(ends) != len(ids):
        seen.refuse("ends", "a whole number for each id")
    return Seen(
        step=seen.text("step"),
        rows=seen.optional("rows", seen.integer, 0, 1 << 62),
        ids=tuple(map(tuple, ids)),
        ends=ends,
        revised=seen.number("revised", -1e9, 1e9),
    )


@dataclass(frozen=True)
class ForecastFile:
    """A forecast file as it was written. It is what the version in service forecasts now only as long as the contents
    and all that they follow from are the same as then.

    Args:
        path: absolute path of the file.
        made_of: SHA-256 of all that its contents follow from.
        version: version of the model.
        until: newest time of the data that it continues.
        written: moment at which it was written, in UTC.
        sha256: SHA-256 of its bytes; None where they could not be read.
    """

    path: str
    made_of: str
    version: int
    until: str
    written: datetime
    sha256: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return plain(asdict(self))


def read_forecast_files(model: StoredModel) -> tuple[ForecastFile, ...]:
    """The forecast files of a model; the one written last is at the end."""
    fields = _read(model, FORECASTS, ("files",), most=_MAX_FORECASTS_BYTES)
    if fields is None:
        return ()
    return tuple(
        ForecastFile(
            path=one.text("path"),
            made_of=one.text("made_of"),
            version=one.integer("version", 1, _MOST_VERSIONS),
            until=one.text("until"),
            written=one.moment("written"),
            sha256=one.optional("sha256", one.text),
        )
        for one in fields.items("files", tuple(ForecastFile.__dataclass_fields__), 0, _MOST_FORECASTS)
    )


def write_forecast_files(model: StoredModel, files: tuple[ForecastFile, ...]) -> None:
    """Replace forecasts.json."""
    _write(model, FORECASTS, {"files": [one.to_dict() for one in files[-_MOST_FORECASTS:]]})


def file_key(path: str | Path) -> str:
    """The name by which a file is known whatever folder a command runs in; any bytes become text."""
    return os.fsencode(os.path.realpath(path)).decode("utf-8", "backslashreplace")


def file_hash(path: str | Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()
