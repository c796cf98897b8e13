"""Deleting a version or a whole model, and giving a model another name.

A whole model is renamed in one step that a crash cannot cut in two: to its new name, or to `.deleted-PID` in the store,
where nobody looks for models, and only then do its files go. What a kill has left of them goes with the next deletion.
Nothing is renamed while a retraining, a training or a change of the ledger is under way, for these know it by its path.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tsforecast.errors import BusyError, OptionError, StorageError
from tsforecast.files import sync_folder, writing
from tsforecast.store.changes import changing, remove_versions
from tsforecast.store.journal import note_in_journal
from tsforecast.store.layout import CHECKPOINT, DELETED, LEDGER, RETRAIN_LOCK, check_name, is_deleted, is_part_of_model
from tsforecast.store.lock import hold
from tsforecast.store.model import StoredModel
from tsforecast.store.progress_folder import ProgressFolder
from tsforecast.store.results import Deleted, Renamed
from tsforecast.store.safe_files import discard

_NOTHING = re.compile("(?!)")


def delete_version(model: StoredModel, version: int) -> Deleted:
    """Remove one version, but neither the one in service nor the newest.

    Raises:
        InputMissingError: there is no such version.
        OptionError: it is in service; or it is the newest, and its number would be given again.
        BusyError, ModelError, OutputError, StorageError: as `StoredModel`.
    """
    with changing(model.folder):
        folder, current = model.version_folder(version), model.in_service()
        if version == current:
            hint = f"put another into service first: tsforecast models rollback {model.name}"
            raise OptionError(f"version {version} of {model.name} is in service", hint=hint)
        if version == model.numbers()[-1]:
            hint = "it can go when a newer one is published"
            raise OptionError(
                f"version {version} of {model.name} is the newest: its number would come again", hint=hint
            )
        freed = _size(folder)
        remove_versions(model.folder, [version], current=current)
    return Deleted(model.name, (version,), freed)


def delete_model(model: StoredModel) -> Deleted:
    """Remove a model with all versions, its journal and its ledger.

    Raises:
        OptionError: something in its folder is not ours.
        BusyError: a training, a retraining or another change is under way.
        OutputError, StorageError: the disk failed; the model is gone, or all of it is still there.
    """
    store = model.folder.parent
    with _standing_still(model):
        foreign = sorted(name for name in os.listdir(model.folder) if not is_part_of_model(name))
        if foreign:
            raise OptionError(
                f"'{foreign[0]}' is not part of the model", hint="move it elsewhere first", file=str(model.folder)
            )
        numbers, freed = model.numbers(), _size(model.folder)
        for name in os.listdir(store):
            if is_deleted(name):  # of a killed process, or of one that is just removing it
                shutil.rmtree(store / name, ignore_errors=True)
        names = (store / f"{DELETED}{number}" for number in count(os.getpid()))
        aside = next(path for path in names if not os.path.lexists(path))
        _move(model.folder, aside)
    shutil.rmtree(aside, ignore_errors=True)
    with writing(aside):
        discard(aside)  # says what could not be removed
    return Deleted(model.name, numbers, freed)


def rename_model(model: StoredModel, name: str) -> Renamed:
    """Give a model another name, with all that belongs to it.

    Raises:
        OptionError: a model cannot have that name, or something has it.
        BusyError: a training, a retraining or another change is under way.
        OutputError, StorageError: the disk failed; the model has one of its names.
    """
    check_name(name)
    target = model.folder.with_name(name)
    if os.path.lexists(target):
        raise OptionError(f"there is '{name}' already", hint="choose another name", file=str(target.parent))
    with _standing_still(model), _ledger_at_rest(model):
        _move(model.folder, target)
    problem = note_in_journal(target, f"renamed from {model.name}", None, None)
    return Renamed(model.name, name, str(target), problem)


@contextmanager
def _standing_still(model: StoredModel) -> Iterator[None]:
    """Nobody trains or changes the model meanwhile."""
    with writing(model.folder), hold(model.folder / RETRAIN_LOCK), changing(model.folder):
        training = None
        if (model.folder / CHECKPOINT).is_dir():
            training = ProgressFolder.open(model.folder / CHECKPOINT, _NOTHING, make=False)
            if training is None:
                raise BusyError("a training is under way", hint="try again when it has ended", file=str(model.folder))
        try:
            yield
        finally:
            if training is not None:
                training.close()


@contextmanager
def _ledger_at_rest(model: StoredModel) -> Iterator[None]:
    """Nobody writes into the ledger meanwhile: SQLite finds what belongs to a change by the path of the file."""
    if not (model.folder / LEDGER).exists():
        yield
        return
    from tsforecast.store.ledger.database import writing_ledger

    with writing_ledger(model.folder, trusted=model.trusted):
        pass  # one that a kill left empty gets its tables, so that the next transaction changes nothing
    with writing_ledger(model.folder, trusted=model.trusted):
        yield


def _move(folder: Path, target: Path) -> None:
    os.rename(folder, target)
    try:
        sync_folder(folder.parent)
    except OSError as error:
        message = f"is done, but perhaps not after a power cut: {error.strerror or error}"
        raise StorageError(message, hint="check the disk", file=str(folder)) from error


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    paths = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return sum(path.lstat().st_size for path in paths)
