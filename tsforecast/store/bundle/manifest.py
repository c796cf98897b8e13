"""manifest.json: the size and SHA-256 of every file of a version, and when the version was published.

The manifest is valid only byte for byte as it was written: it also holds the SHA-256 of itself without that checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tsforecast import clock
from tsforecast._version import __version__
from tsforecast.errors import ModelError
from tsforecast.json_output import json_bytes
from tsforecast.store.bundle.formats import FORMAT_VERSION, check_format
from tsforecast.store.bundle.json_fields import Fields, parse_json, read_fields

FILE = "manifest.json"
MAX_BYTES = 1 << 16
_KEYS = ("checksum", "files", "format_version", "name", "published", "tool_version", "version")


@dataclass(frozen=True)
class FileRecord:
    """The size of a file in bytes, and its SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What manifest.json says.

    Args:
        name: name of the model.
        version: number of the version.
        published: moment in UTC.
        tool_version: release of tsforecast that wrote the version.
        files: the other files of the version by name.
        format_version: format that the version was written in.
    """

    name: str
    version: int
    published: datetime
    tool_version: str
    files: dict[str, FileRecord]
    format_version: int = FORMAT_VERSION


def make_manifest(files: Mapping[str, bytes], *, name: str, version: int) -> Manifest:
    """The manifest of files that are about to be published."""
    records = {file: FileRecord(len(data), _sha256(data)) for file, data in files.items()}
    return Manifest(name, version, clock.now(), __version__, records)


def encode_manifest(manifest: Manifest) -> bytes:
    """manifest.json, with its own checksum."""
    value = {
        "checksum": "",
        "files": {name: {"size": file.size, "sha256": file.sha256} for name, file in manifest.files.items()},
        "format_version": manifest.format_version,
        "name": manifest.name,
        "published": manifest.published,
        "tool_version": manifest.tool_version,
        "version": manifest.version,
    }
    value["checksum"] = _sha256(json_bytes(value))
    return json_bytes(value)


def decode_manifest(data: bytes) -> Manifest:
    """Read manifest.json."""
    value = parse_json(data, FILE)
    format_version = check_format(value, FILE)
    fields = read_fields(value, _KEYS, file=FILE)
    records = Fields(fields.mapping("files"), FILE, "files")
    manifest = Manifest(
        name=fields.text("name"),
        version=fields.integer("version", 1, 999_999),
        published=fields.moment("published"),
        tool_version=fields.text("tool_version"),
        files={name: _record(records, name) for name in records.values},
        format_version=format_version,
    )
    if encode_manifest(manifest) != data:
        raise ModelError("is damaged: its checksum does not fit", file=FILE)
    return manifest


def check_file(manifest: Manifest, name: str, data: bytes) -> None:
    """Compare a file with its record."""
    check_size(manifest, name, len(data))
    if _sha256(data) != manifest.files[name].sha256:
        raise ModelError("is damaged: its checksum does not fit", file=name)


def check_size(manifest: Manifest, name: str, size: int) -> None:
    """Compare the size of a file with its record, before it is read."""
    expected = manifest.files[name].size
    if size != expected:
        raise ModelError(f"is damaged: it has {size} bytes, not {expected}", file=name)


def _record(records: Fields, name: str) -> FileRecord:
    fields = records.fields(name, ("size", "sha256"))
    return FileRecord(fields.integer("size", 0, 2**40), fields.text("sha256"))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
