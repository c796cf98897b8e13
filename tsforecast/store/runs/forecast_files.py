"""forecasts.json: which forecast files the retrainings of a model have written, and what each of them was made of.

A file is what the version in service forecasts now only as long as both are the same as when it was written.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tsforecast.store.layout import FORECASTS
from tsforecast.store.runs.files import read_news, read_stamp, stamp_text, write_news

_KEYS = ("made_of", "path", "sha256", "until", "version", "written")
_MAX_BYTES = 1 << 20
_MOST = 50  # files of one model; the oldest are forgotten
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ForecastFile:
    """A forecast file as it was written.

    Args:
        path: of the file, absolute.
        made_of: SHA-256 of all that its contents follow from.
        version: of the model.
        until: newest time of the data that it continues.
        written: moment of it, in UTC.
        sha256: of its bytes.
    """

    path: str
    made_of: str
    version: int
    until: str
    written: datetime
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"written": stamp_text(self.written)}


def read_forecast_files(model_folder: Path, *, trusted: bool = False) -> tuple[ForecastFile, ...]:
    """The forecast files of a model, the one written last at the end.

    Args:
        model_folder: STORE/NAME.
        trusted: whether others may own the file and write to it.

    Raises:
        InputMissingError: the file cannot be opened.
        ModelError: it is damaged.
        StorageError: reading failed.
        TrustError: somebody else could have changed it.
    """
    fields = read_news(model_folder / FORECASTS, ("files",), most=_MAX_BYTES, trusted=trusted)
    if fields is None:
        return ()
    return tuple(
        ForecastFile(
            path=one.text("path"),
            made_of=one.text("made_of"),
            version=one.integer("version", 1, 999_999),
            until=one.text("until"),
            written=read_stamp(one, "written"),
            sha256=one.text("sha256"),
        )
        for one in fields.items("files", _KEYS, 0, _MOST)
    )


def write_forecast_files(model_folder: Path, files: tuple[ForecastFile, ...]) -> None:
    """Replace forecasts.json.

    Raises:
        OutputError: it cannot be created.
        StorageError: the disk is full or failed.
    """
    write_news(model_folder / FORECASTS, {"files": [one.to_dict() for one in files[-_MOST:]]})


def file_key(path: str | Path) -> str:
    """The name by which a file is known whatever the folder that a command runs in; any bytes become text."""
    return os.fsencode(os.path.realpath(path)).decode("utf-8", "backslashreplace")


def file_hash(path: str | Path) -> str:
    """SHA-256 of a file; empty where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
