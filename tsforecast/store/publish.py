"""Publishing: a version is written aside, read back and checked, and only then given its number and put into service.

Whoever reads meanwhile sees the old version or the new one. Whatever ends the process leaves at most a `.stage-*`
folder, which the next publication removes.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tsforecast.errors import BusyError, InputMissingError, ModelError
from tsforecast.files import sync_folder, write_new, writing
from tsforecast.store import manifest
from tsforecast.store.bundle import Bundle
from tsforecast.store.encoding import encode
from tsforecast.store.layout import (
    CURRENT,
    PART,
    STAGE,
    check_name,
    current_version,
    version_folder,
    version_numbers,
    versions_folder,
)
from tsforecast.store.load import load_bundle


@dataclass(frozen=True)
class Published:
    """A version in service.

    Args:
        name: of the model.
        version: its number.
        path: its folder.
    """

    name: str
    version: int
    path: Path


def model_name(stem: str) -> str:
    """A name for the model of a data file, from the file's name without its ending: `Sales 2024` gives `sales-2024`."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", plain).lstrip("._-")[:64].rstrip("._-")
    return name or "model"


def publish(bundle: Bundle, *, store: str | Path, name: str) -> Published:
    """Write a bundle as the next version of a model, check it and put it into service.

    Args:
        bundle: what to store.
        store: folder of the store; made if need be.
        name: of the model.

    Raises:
        OptionError: a model cannot have that name.
        ModelError: what was written does not load, or not with the same forecast.
        OutputError: a file or folder cannot be created.
        StorageError: the disk is full or failed.
        BusyError: another run published the same model meanwhile.
    """
    check_name(name)
    model = Path(store) / name
    files = encode(bundle)
    stage, part = model / f"{STAGE}{os.getpid()}", model / f"{PART}{os.getpid()}"
    with writing(model):
        versions_folder(model).mkdir(parents=True, exist_ok=True)
        _remove_leftovers(model)
        version = _next_number(model)
        target = version_folder(model, version)
        try:
            _write_files(stage, files, manifest.make_manifest(files, name=name, version=version))
            load_bundle(stage)
            # Before the version gets its number, so that a full disk is noticed while nothing has changed.
            write_new(part, f"{version:06d}\n".encode())
            _rename(stage, target)
            os.replace(part, model / CURRENT)
            sync_folder(model)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            part.unlink(missing_ok=True)
    return Published(name, version, target)


def _remove_leftovers(model: Path) -> None:
    for path in model.glob(f"{STAGE}*"):
        shutil.rmtree(path)
    for path in model.glob(f"{PART}*"):
        path.unlink()


def _next_number(model: Path) -> int:
    """One more than any number in use, and than that in CURRENT: a number is never given twice."""
    numbers = version_numbers(model)
    # Nothing is in service yet, or CURRENT is damaged and about to be replaced.
    with suppress(InputMissingError, ModelError):
        numbers += (current_version(model),)
    return max(numbers, default=0) + 1


def _write_files(stage: Path, files: Mapping[str, bytes], record: manifest.Manifest) -> None:
    stage.mkdir()
    for name, data in files.items():
        write_new(stage / name, data)
    write_new(stage / manifest.FILE, manifest.encode_manifest(record))
    sync_folder(stage)


def _rename(stage: Path, target: Path) -> None:
    try:
        os.rename(stage, target)
    except OSError as error:
        if target.exists():
            raise BusyError(
                f"another run published version {int(target.name)} at the same time",
                hint="run again",
                file=str(target.parent.parent),
            ) from error
        raise
    sync_folder(target.parent)
