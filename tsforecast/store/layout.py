"""Where things lie in a store, and which names they may have.

STORE/NAME/versions/000017/   the files of a version
STORE/NAME/CURRENT            the number of the version in service, with a checksum
STORE/NAME/.CURRENT-PID       a CURRENT that is being written
STORE/NAME/.stage-PID/        a version that is being written or removed
STORE/NAME/.lock              held while a version is published, rolled back or pruned
STORE/NAME/.retrain.lock      held by a retraining from its beginning to its end
STORE/NAME/.checkpoint/       the progress of an interrupted training
STORE/NAME/last_run.json      how the last retraining ended that had something to tell
STORE/NAME/checked.json       when a retraining last ended, and last ended well
STORE/NAME/gate.json          the table that the data gate accepted last, and the limits that are not kept
STORE/NAME/forecasts.json     the forecast files that retrainings have written
STORE/NAME/journal.jsonl      what was put into service, rolled back and pruned, when and by whom
STORE/NAME/ledger.sqlite      the forecasts that were noted, and what happened
STORE/NAME/ledger.sqlite-journal   a change of the ledger that is being written, or that a kill has left undone
STORE/.deleted-PID/           a model that is being removed
STORE/.backtest/NAME/         the fits of an interrupted backtest or comparison of data of that name

`bundle` lists the files of a version; those of an older format have the names that `bundle.formats` tells.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

from tsforecast.errors import OptionError
from tsforecast.store.safe_files import unreadable

CURRENT = "CURRENT"
STAGE = ".stage-"
PART = ".CURRENT-"
LOCK = ".lock"
RETRAIN_LOCK = ".retrain.lock"
CHECKPOINT = ".checkpoint"
DELETED = ".deleted-"
BACKTEST = ".backtest"
LAST_RUN = "last_run.json"
CHECKED = "checked.json"
GATE = "gate.json"
FORECASTS = "forecasts.json"
JOURNAL = "journal.jsonl"
LEDGER = "ledger.sqlite"
LEDGER_JOURNAL = f"{LEDGER}-journal"
_VERSIONS = "versions"
_MAX_NAME = 64
_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{_MAX_NAME - 1}}}")
_NUMBER = re.compile(r"[0-9]{6}")
_STAGE_NAME = re.compile(rf"{re.escape(STAGE)}([0-9]{{6}}-)?[0-9]+")
_PART_NAME = re.compile(rf"{re.escape(PART)}[0-9]+")
_DELETED_NAME = re.compile(rf"{re.escape(DELETED)}[0-9]+")
_FILES = {CURRENT, LOCK, RETRAIN_LOCK, LAST_RUN, CHECKED, GATE, FORECASTS, JOURNAL, LEDGER, LEDGER_JOURNAL}
_PARTS = {*_FILES, CHECKPOINT, _VERSIONS}


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
            hint="use up to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit, "
            f"such as '{model_name(name)}'",
        )


def model_name(stem: str) -> str:
    """A name for the model of a data file, from the file's name without its ending: `Sales 2024` gives `sales-2024`.

    Where letters of another script are lost, a hash of all of them tells the names of two files apart.
    """
    letters = unicodedata.normalize("NFKD", stem).lower()
    plain = letters.encode("ascii", "ignore").decode()
    mark = ""
    if any(map(_is_lost, letters)):
        mark = f"-{hashlib.sha256(letters.encode(errors='surrogatepass')).hexdigest()[:8]}"
    name = re.sub(r"[^a-z0-9._-]+", "-", plain).lstrip("._-")[: _MAX_NAME - len(mark)].rstrip("._-")
    return f"{name or 'model'}{mark}"


def _is_lost(character: str) -> bool:
    """Whether a name is not what it was without a character: accents, blanks and punctuation are not missed."""
    return not character.isascii() and unicodedata.category(character)[0] not in "MZP"


def is_version(name: str) -> bool:
    """Whether the folder of a version is called that."""
    return _NUMBER.fullmatch(name) is not None


def is_stage(name: str) -> bool:
    """Whether a version that is being written, or removed, may be called that."""
    return _STAGE_NAME.fullmatch(name) is not None


def is_part(name: str) -> bool:
    """Whether a CURRENT that is being written may be called that."""
    return _PART_NAME.fullmatch(name) is not None


def is_deleted(name: str) -> bool:
    """Whether a model that is being removed may be called that."""
    return _DELETED_NAME.fullmatch(name) is not None


def is_part_of_model(name: str) -> bool:
    """Whether something of that name in a model's folder is the model's own."""
    return name in _PARTS or is_stage(name) or is_part(name)


def holds_model(folder: Path) -> bool:
    """Whether a folder is that of a model: a version has been in service there, or a retraining has run."""
    published = has_served(folder) and versions_folder(folder).is_dir()
    return published or os.path.lexists(folder / RETRAIN_LOCK)


def versions_folder(model: Path) -> Path:
    """The folder that holds the versions of a model's folder."""
    return model / _VERSIONS


def version_folder(model: Path, version: int) -> Path:
    """The folder of one version of a model's folder."""
    return model / _VERSIONS / f"{version:06d}"


def model_names(store: Path) -> list[str]:
    """Names of the models in a store, sorted; none where there is no store. A first fit that failed leaves no model.

    Raises:
        InputMissingError: the store cannot be read.
        StorageError: reading failed.
    """
    names = [name for name in _listing(store) if is_name(name) and versions_folder(store / name).is_dir()]
    return [name for name in names if has_served(store / name) or version_numbers(store / name)]


def version_numbers(model: Path) -> tuple[int, ...]:
    """Numbers of the versions of a model's folder, ascending."""
    names = _listing(versions_folder(model))
    return tuple(int(name) for name in names if is_version(name))


def has_served(model: Path) -> bool:
    """Whether a version of a model's folder has ever been put into service."""
    return os.path.lexists(model / CURRENT)


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(error, folder) from error
