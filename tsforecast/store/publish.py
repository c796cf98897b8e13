"""Publishing: a version is written aside, read back and checked, and only then given its number and put into service.

Whoever reads meanwhile sees the old version or the new one. Whatever ends the process leaves at most a `.stage-*`
folder, which the next publication removes, or a version that nothing names.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import TsforecastError
from tsforecast.files import sync_folder, writing
from tsforecast.store.bundle import manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.codec import encode
from tsforecast.store.current import changing, note_in_journal, prepared, put_into_service, unused, version_in_service
from tsforecast.store.journal import PUBLISHED
from tsforecast.store.layout import STAGE, check_name, in_service, version_folder, version_numbers, versions_folder
from tsforecast.store.load import load_bundle
from tsforecast.store.safe_files import FOLDER_MODE, make_folder, sync_name, write_file
from tsforecast.store.upkeep import check_keep, remove_versions, superfluous

_MAX_NAME = 64


@dataclass(frozen=True)
class Published:
    """A version in service.

    Args:
        name: of the model.
        version: its number.
        path: its folder.
        problem: what could not be done besides; empty if all was.
    """

    name: str
    version: int
    path: Path
    problem: str = ""


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


def publish(bundle: Bundle, *, store: str | Path, name: str, keep: int | None = None) -> Published:
    """Write a bundle as the next version of a model, check it and put it into service.

    Args:
        bundle: what to store.
        store: folder of the store; made if need be.
        name: of the model.
        keep: versions that remain: the newest, and always the one in service and the one before it. None keeps all.

    Raises:
        OptionError: a model cannot have that name, or nothing would remain.
        ModelError: what was written does not load, or not with the same forecast.
        OutputError: a file or folder cannot be created.
        StorageError: the disk is full or failed.
        BusyError: another process has been changing the same model for a minute.
    """
    check_name(name)
    check_keep(keep)
    model = Path(store) / name
    files = encode(bundle)
    with writing(model):
        make_folder(versions_folder(model))
        if not in_service(model):  # whoever made the folders may have died before their names were on the disk
            for folder in (model.parent, model, versions_folder(model)):
                sync_name(folder)
        with changing(model):
            previous = version_in_service(model)
            version = max((*version_numbers(model), previous or 0)) + 1  # a number is never given twice
            target = _add_version(model, version, files)
            problems = [note_in_journal(model, PUBLISHED, version, previous)]
            if keep is not None:
                problems.append(_prune(model, keep, version))
    return Published(name, version, target, "; ".join(problem for problem in problems if problem))


def _add_version(model: Path, version: int, files: Mapping[str, bytes]) -> Path:
    stage, target = unused(model, STAGE), version_folder(model, version)
    try:
        _write_files(stage, files, manifest.make_manifest(files, name=model.name, version=version))
        load_bundle(stage, trusted=True)
        with prepared(model, version) as part:
            try:
                os.rename(stage, target)
                sync_folder(target.parent)
                put_into_service(model, version, part)
            except BaseException:
                _take_back(model, version, stage)
                raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return target


def _take_back(model: Path, version: int, stage: Path) -> None:
    """Undo the rename of a version, unless CURRENT names it: an error may also come after the last step."""
    if version_in_service(model) == version:
        return
    with suppress(OSError):  # a version that nothing names does no harm
        os.rename(version_folder(model, version), stage)
        sync_folder(versions_folder(model))  # before its files go: a power cut must not bring back half of it


def _write_files(stage: Path, files: Mapping[str, bytes], record: manifest.Manifest) -> None:
    os.mkdir(stage, FOLDER_MODE)
    for name, data in files.items():
        write_file(stage / name, data)
    write_file(stage / manifest.FILE, manifest.encode_manifest(record))
    sync_folder(stage)


def _prune(model: Path, keep: int, version: int) -> str:
    """Remove old versions; why it failed, if it did, for the new one is in service all the same."""
    try:
        remove_versions(model, superfluous(version_numbers(model), version, keep), current=version)
    except OSError as error:
        return f"old versions could not be removed: {error.strerror or error}"
    except TsforecastError as error:
        return f"old versions could not be removed: {error}"
    return ""
