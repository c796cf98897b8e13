"""A version as one file, to carry it into another store."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tsforecast.files import whole_file
from tsforecast.store.checked import placed, read_version
from tsforecast.store.disk import FILE_MODE
from tsforecast.store.layout import CURRENT, version_folder
from tsforecast.store.load import check_bundle

# The oldest moment that a zip file can name: the same version gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def export_version(folder: Path, *, name: str, version: int, output: str | Path, trusted: bool = False) -> int:
    """Write a version into a zip file, which puts it into service where it is unpacked: in the folder of a store.

    Args:
        folder: of the version.
        name: of the model.
        version: its number.
        output: the zip file, which appears as a whole or not at all.
        trusted: whether others may own the files of the version and write to them.

    Returns:
        Bytes of the zip file.

    Raises:
        InputMissingError: a file cannot be opened.
        ModelError: the version is damaged.
        TrustError: somebody else could have changed it.
        OutputError: the zip file cannot be created.
        StorageError: the disk is full or failed.
    """
    with placed(folder):
        files = read_version(folder, trusted=trusted)
        check_bundle(files)
    inside = version_folder(Path(name), version)
    members = {inside / file: data for file, data in sorted(files.items())}
    members[Path(name) / CURRENT] = f"{version:06d}\n".encode()
    with whole_file(output) as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for path, data in members.items():
                archive.writestr(_member(path), data)
        return stream.tell()


def _member(path: Path) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path.as_posix(), _MOMENT)
    info.create_system = 3  # Unix, whose modes the attributes hold
    info.external_attr = FILE_MODE << 16
    return info
