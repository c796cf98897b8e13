"""Small files of a model's folder that tell what its retrainings did: JSON, written as a whole, read strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsforecast.files import whole_file, writing
from tsforecast.json_output import json_bytes
from tsforecast.store.bundle.json_fields import Fields, parse_json, read_fields
from tsforecast.store.safe_files import read_file

FORMAT_VERSION = 1
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ"
_MAX_BYTES = 1 << 15


def read_news(path: Path, keys: tuple[str, ...], *, most: int = _MAX_BYTES, trusted: bool = False) -> Fields | None:
    """What a file says; None where there is none.

    Args:
        path: of the file.
        keys: that it has, and no others.
        most: bytes that are read.
        trusted: whether others may own the file and write to it.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
        TrustError: somebody else could have changed it.
    """
    try:
        data = read_file(path, most, trusted=trusted)
    except FileNotFoundError:
        return None
    fields = read_fields(parse_json(data, str(path)), (*keys, "format_version"), file=str(path))
    fields.integer("format_version", FORMAT_VERSION, FORMAT_VERSION)
    return fields


def write_news(path: Path, facts: dict[str, Any]) -> None:
    """Replace a small file of a model's folder; the folder is made where there is none yet.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    with writing(path.parent):
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(json_bytes({**facts, "format_version": FORMAT_VERSION}))


def stamp_text(moment: datetime) -> str:
    """A moment as the files of a model's folder hold it."""
    return moment.astimezone(UTC).strftime(_STAMP)


def read_stamp(fields: Fields, key: str) -> datetime:
    """A moment that `stamp_text` has written.

    Raises:
        ModelError: it is none.
    """
    try:
        return datetime.strptime(fields.text(key), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        fields.refuse(key, "a moment such as 2026-01-31T06:00:00.000000Z")
