"""Loading a version: every byte is checked against the manifest before it is used, and the golden batch is replayed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.store.bundle import codec, document, manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.manifest import Manifest
from tsforecast.store.safe_files import check_one_folder, check_size, read_file, unreadable

# Largest difference of the replayed forecast, relative to 1 + abs(stored): other CPUs sum in another order.
_TOLERANCE = 1e-5


def load_bundle(folder: str | Path, *, trusted: bool = False) -> Bundle:
    """Read one version.

    Args:
        folder: that holds its files.
        trusted: whether others may own the files and write to them.

    Raises:
        InputMissingError: there is no such folder, or a file in it cannot be opened.
        ModelError: naming the file that is missing, does not belong there or is damaged, or that the replayed
            golden batch gave another forecast.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    folder = Path(folder)
    with errors_name(folder):
        return check_bundle(read_version(folder, trusted=trusted))


def check_bundle(files: Mapping[str, bytes]) -> Bundle:
    """The bundle of the files of a version, if it still gives the forecast that is stored with it.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    bundle = codec.decode({name: data for name, data in files.items() if name != manifest.FILE})
    _replay(bundle)
    return bundle


def _replay(bundle: Bundle) -> None:
    golden = bundle.golden
    # Weights that overflow are a difference like any other, not a warning.
    with np.errstate(all="ignore"):
        y_pred = bundle.forecaster.quantiles(golden.windows)
        difference = np.abs(y_pred.astype(np.float64) - golden.expected) / (1 + np.abs(golden.expected))
    largest = float(difference.max(initial=0.0))
    if not largest <= _TOLERANCE:
        raise ModelError(
            f"gives another forecast than when it was stored: the golden batch differs by {largest:.2g}",
            hint="fit the model again",
            file=codec.GOLDEN,
        )


_NUMBER = re.compile(r"[0-9]{6}")


@contextmanager
def errors_name(folder: Path) -> Iterator[None]:
    """Give an error about a file of a version the whole path of that file."""
    try:
        yield
    except ModelError as error:
        file = str(folder / Path(error.file).name)
        raise ModelError(error.message, hint=error.hint, file=file, row=error.row) from error


def read_manifest(folder: Path, *, trusted: bool) -> Manifest:
    """What the manifest of a version says.

    Raises:
        InputMissingError: it cannot be opened.
        ModelError: it is missing, damaged, or of another version than the folder.
        TrustError: somebody else could have changed it.
    """
    return _decode_manifest(folder, _read(folder, manifest.FILE, manifest.MAX_BYTES, trusted))


def read_checked(folder: Path, record: Manifest, name: str, *, trusted: bool) -> bytes:
    """One file of a version, exactly as it was written.

    Raises:
        InputMissingError: it cannot be opened.
        ModelError: it is missing or damaged.
        TrustError: somebody else could have changed it.
    """
    _check_size(folder, record, name)
    data = _read(folder, name, codec.MAX_BYTES[name], trusted)
    manifest.check_file(record, name, data)
    return data


def read_version(folder: Path, *, trusted: bool) -> dict[str, bytes]:
    """All files of a version by name, the manifest among them, exactly as they were written.

    Raises:
        InputMissingError: the folder or a file cannot be opened.
        ModelError: naming the file that is missing, does not belong there, is damaged or too large for this machine.
        TrustError: somebody else could have changed it.
        StorageError: reading failed.
    """
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise unreadable(error, folder) from error
    if not trusted:
        check_one_folder(folder)
    own = _read(folder, manifest.FILE, manifest.MAX_BYTES, trusted)
    record = _decode_manifest(folder, own)
    for name in sorted({*names, *record.files} - {manifest.FILE}):
        if name not in record.files or name not in codec.MAX_BYTES:
            raise ModelError("does not belong to the version", file=name)
    sizes = {name: _check_size(folder, record, name) for name in codec.MAX_BYTES}
    _check_budget(sum(sizes.values()))
    # What model.json says bounds the rest: a folder of zeros as large as memory is not read.
    model = document.decode_document(read_checked(folder, record, document.FILE, trusted=trusted))
    codec.check_tensor_sizes(model, sizes)
    files = {name: read_checked(folder, record, name, trusted=trusted) for name in codec.MAX_BYTES}
    return {**files, manifest.FILE: own}


def _decode_manifest(folder: Path, data: bytes) -> Manifest:
    record = manifest.decode_manifest(data)
    if _NUMBER.fullmatch(folder.name) and int(folder.name) != record.version:
        raise ModelError(f"is of version {record.version}, not {int(folder.name)}", file=manifest.FILE)
    return record


def _read(folder: Path, name: str, most: int, trusted: bool) -> bytes:
    try:
        return read_file(folder / name, most, trusted=trusted)
    except FileNotFoundError as error:
        raise ModelError("is missing", file=name) from error


def _check_size(folder: Path, record: Manifest, name: str) -> int:
    """The size that the manifest gives a file, if it has it; what is no plain file, reading will refuse."""
    if name not in record.files:
        raise ModelError("does not belong to the version", file=name)
    try:
        status = os.lstat(folder / name)
    except FileNotFoundError as error:
        raise ModelError("is missing", file=name) from error
    except OSError as error:
        raise unreadable(error, folder / name) from error
    if stat.S_ISREG(status.st_mode):
        check_size(status.st_size, codec.MAX_BYTES[name], folder / name)
        manifest.check_size(record, name, status.st_size)
    return record.files[name].size


def _check_budget(total: int) -> None:
    """Refuse a version that would take more than the memory of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total > memory:
        raise ModelError(
            f"takes {total:,} bytes with its files; this machine has {memory:,} bytes of memory", file=manifest.FILE
        )
