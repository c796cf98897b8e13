"""Reading a version: every byte is checked against the manifest before it is used, and the golden batch is replayed.

Each function takes the folder of a version, and `trusted`: whether others may own its files and write to them. Each
raises ModelError, naming the file that is missing, does not belong there or is damaged; InputMissingError where a file
cannot be opened, StorageError where reading failed, and TrustError where somebody else could have changed a file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tsforecast.errors import ModelError
from tsforecast.store.bundle import codec, manifest
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.store.bundle.document import ModelDocument, decode_document, parse_document
from tsforecast.store.bundle.formats import GOLDEN, METRICS, MODEL
from tsforecast.store.bundle.manifest import Manifest
from tsforecast.store.layout import is_version
from tsforecast.store.safe_files import check_one_folder, check_size, read_file, unreadable

# Largest difference of the replayed forecast, relative to 1 + abs(stored): other CPUs sum in another order.
_TOLERANCE = 1e-5


def load_bundle(folder: str | Path, *, trusted: bool = False) -> Bundle:
    """Read a version, and check that it still gives the forecast that is stored with it."""
    return check_bundle(Path(folder), read_version(Path(folder), trusted=trusted))


def check_bundle(folder: Path, files: Mapping[str, bytes]) -> Bundle:
    """The bundle of the files of a version, if it still gives the forecast that is stored with it."""
    with _whole_paths(folder):
        bundle = codec.decode({name: data for name, data in files.items() if name != manifest.FILE})
        _replay(bundle)
    return bundle


def read_version(folder: Path, *, trusted: bool) -> dict[str, bytes]:
    """All files of a version by name, the manifest among them, exactly as they were written.

    A version that is too large for the memory of this machine is refused.
    """
    with _whole_paths(folder):
        return _read_files(folder, trusted)


def read_published(folder: Path, *, trusted: bool) -> datetime:
    """When a version was published."""
    with _whole_paths(folder):
        return _read_manifest(folder, trusted).published


def read_description(folder: Path, *, trusted: bool) -> dict[str, Any]:
    """What the manifest, model.json and metrics.json of a version say, as plain values for JSON.

    The keys are those of the present format; `format_version` is the one that the version was written in.
    """
    with _whole_paths(folder):
        record = _read_manifest(folder, trusted)
        data = _read_checked(folder, record, MODEL, trusted)
        _decode_document(record, data)
        metrics = codec.decode_metrics(_read_checked(folder, record, METRICS, trusted))
        return {
            "published": record.published.isoformat(),
            "tool_version": record.tool_version,
            "size": sum(file.size for file in record.files.values()),
            **parse_document(data),
            "format_version": record.format_version,
            "metrics": metrics,
        }


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
            file=GOLDEN,
        )


def _whole_paths(folder: Path) -> AbstractContextManager[None]:
    """Give an error about a file of a version the whole path of that file."""
    return codec.errors_name(lambda file: str(folder / Path(file).name))


def _read_manifest(folder: Path, trusted: bool) -> Manifest:
    return _decode_manifest(folder, _read(folder, manifest.FILE, manifest.MAX_BYTES, trusted))


def _read_checked(folder: Path, record: Manifest, name: str, trusted: bool) -> bytes:
    """One file of a version, exactly as it was written."""
    _check_size(folder, record, name)
    data = _read(folder, name, codec.size_limits(record.format_version)[name], trusted)
    manifest.check_file(record, name, data)
    return data


def _read_files(folder: Path, trusted: bool) -> dict[str, bytes]:
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise unreadable(error, folder) from error
    if not trusted:
        check_one_folder(folder)
    own = _read(folder, manifest.FILE, manifest.MAX_BYTES, trusted)
    record = _decode_manifest(folder, own)
    expected = codec.size_limits(record.format_version, record.files)
    for name in sorted({*names, *record.files} - {manifest.FILE}):
        if name not in record.files or name not in expected:
            raise ModelError("does not belong to the version", file=name)
    sizes = {name: _check_size(folder, record, name) for name in expected}
    _check_budget(sum(sizes.values()))
    # What model.json says bounds the rest: a folder of zeros as large as memory is not read.
    model = _decode_document(record, _read_checked(folder, record, MODEL, trusted))
    codec.check_tensor_sizes(model, sizes)
    files = {name: _read_checked(folder, record, name, trusted) for name in expected}
    return {**files, manifest.FILE: own}


def _decode_manifest(folder: Path, data: bytes) -> Manifest:
    record = manifest.decode_manifest(data)
    if is_version(folder.name) and int(folder.name) != record.version:
        raise ModelError(f"is of version {record.version}, not {int(folder.name)}", file=manifest.FILE)
    return record


def _decode_document(record: Manifest, data: bytes) -> ModelDocument:
    model = decode_document(data)
    if model.format_version != record.format_version:
        message = f"its format_version is {model.format_version}, but the manifest says {record.format_version}"
        raise ModelError(message, file=MODEL)
    return model


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
        check_size(status.st_size, codec.size_limits(record.format_version)[name], folder / name)
        manifest.check_size(record, name, status.st_size)
    return record.files[name].size


def _check_budget(total: int) -> None:
    """Refuse a version that would take more than the memory of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total > memory:
        raise ModelError(
            f"takes {total:,} bytes with its files; this machine has {memory:,} bytes of memory", file=manifest.FILE
        )
