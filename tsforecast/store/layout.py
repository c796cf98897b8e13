"""Where things lie in a store, and which names they may have.

STORE/NAME/versions/000017/   the files of a version
STORE/NAME/CURRENT            the number of the version in service
STORE/NAME/.stage-PID/        a version that is being written
STORE/NAME/.lock              held while a version is published, rolled back or pruned
STORE/NAME/.retrain.lock      held by a retraining from its beginning to its end
STORE/NAME/.checkpoint/       an interrupted training
STORE/NAME/last_run.json      how the last retraining ended that had something to tell
STORE/NAME/checked.json       when retrainings last ended, and last ended well
STORE/NAME/gate.json          what the data gate has accepted, and what it holds against the data since when
STORE/NAME/forecasts.json     which forecast files were written, and from what
STORE/NAME/journal.jsonl      what was put into service, rolled back and pruned, when and by whom
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tsforecast.errors import InputMissingError, ModelError, OptionError
from tsforecast.store.safe_files import read_file, unreadable

CURRENT = "CURRENT"
STAGE = ".stage-"
PART = ".CURRENT-"
LOCK = ".lock"
RETRAIN_LOCK = ".retrain.lock"
CHECKPOINT = ".checkpoint"
LAST_RUN = "last_run.json"
CHECKED = "checked.json"
GATE = "gate.json"
FORECASTS = "forecasts.json"
JOURNAL = "journal.jsonl"
_VERSIONS = "versions"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NUMBER = re.compile(r"[0-9]{6}")
_STAGE_NAME = re.compile(rf"{re.escape(STAGE)}([0-9]{{6}}-)?[0-9]+")
_PART_NAME = re.compile(rf"{re.escape(PART)}[0-9]+")
_PARTS = {CURRENT, LOCK, RETRAIN_LOCK, CHECKPOINT, LAST_RUN, CHECKED, GATE, FORECASTS, JOURNAL, _VERSIONS}
_MAX_CURRENT_BYTES = 64


def is_name(name: str) -> bool:
    """Whether a model may be called that."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Refuse a name that could be a path.

    Raises:
        OptionError: with what is allowed.
    """
    if not is_name(name):
        raise OptionError(
            f"a model cannot be called '{name}'",
            hint="use up to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
        )


def is_stage(name: str) -> bool:
    """Whether a version that is being written, or removed, may be called that."""
    return _STAGE_NAME.fullmatch(name) is not None


def is_part(name: str) -> bool:
    """Whether a CURRENT that is being written may be called that."""
    return _PART_NAME.fullmatch(name) is not None


def is_part_of_model(name: str) -> bool:
    """Whether something of that name in a model's folder is the model's own."""
    return name in _PARTS or is_stage(name) or is_part(name)


def holds_model(folder: Path) -> bool:
    """Whether a folder is that of a model: a version has been in service there, or a retraining has run."""
    published = in_service(folder) and versions_folder(folder).is_dir()
    return published or os.path.lexists(folder / RETRAIN_LOCK)


def versions_folder(model: Path) -> Path:
    """The folder that holds the versions of a model's folder."""
    return model / _VERSIONS


def version_folder(model: Path, version: int) -> Path:
    """The folder of one version of a model's folder."""
    return model / _VERSIONS / f"{version:06d}"


def model_names(store: Path) -> list[str]:
    """Names of the models in a store, sorted; none where there is no store. A first fit that failed leaves none.

    Raises:
        InputMissingError: the store cannot be read.
        StorageError: reading failed.
    """
    names = [name for name in _listing(store) if is_name(name) and versions_folder(store / name).is_dir()]
    return [name for name in names if in_service(store / name) or version_numbers(store / name)]


def version_numbers(model: Path) -> tuple[int, ...]:
    """Numbers of the versions of a model's folder, ascending."""
    names = _listing(versions_folder(model))
    return tuple(int(name) for name in names if _NUMBER.fullmatch(name))


def in_service(model: Path) -> bool:
    """Whether a version of a model's folder has ever been put into service."""
    return os.path.lexists(model / CURRENT)


def current_version(model: Path, *, trusted: bool = False) -> int:
    """The number of the version in service.

    Raises:
        InputMissingError: no version has been put into service.
        ModelError: CURRENT is damaged.
        TrustError: somebody else could have changed it, and the store is not trusted.
    """
    try:
        data = read_file(model / CURRENT, _MAX_CURRENT_BYTES, trusted=trusted)
    except FileNotFoundError as error:
        raise InputMissingError(
            f"model '{model.name}' has no version in service",
            hint="fit it again, or name a version",
            file=str(model),
        ) from error
    text = data.decode("ascii", "replace").removesuffix("\n")
    if not _NUMBER.fullmatch(text):
        raise ModelError("does not hold the number of a version", file=str(model / CURRENT))
    return int(text)


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(error, folder) from error
