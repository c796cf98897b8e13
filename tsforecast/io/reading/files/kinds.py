"""What kind of table the bytes of a file hold, known by their beginning."""

from __future__ import annotations

import importlib
import io
import re
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Literal

from tsforecast.errors import InputMissingError, OptionError, to_install

Kind = Literal["text", "parquet", "arrow", "feather", "workbook", "sqlite", "duckdb", "json"]
_ZIP = b"PK\x03\x04"
_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),
    (b"FEA1", "feather"),
    (b"\xd0\xcf\x11\xe0", "workbook"),
    (b"SQLite format 3\0", "sqlite"),
)
_JSON = re.compile(rb'\s*(?:\{\s*["}]|\[\s*[\[{])')
_SPREADSHEET = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
# A path that went through `Path` has one slash only; a single letter is a Windows drive.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")


def kind_of(data: bytes) -> Kind:
    """The kind of a file; `text` for all that is not known."""
    if data[8:12] == b"DUCK":
        return "duckdb"
    if data.startswith(_ZIP):
        return "workbook" if is_workbook(data) else "text"
    return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), "text")


def is_json(text: bytes) -> bool:
    """Whether a decoded text begins as a JSON object or a JSON list of objects or lists does."""
    return _JSON.match(text) is not None


def is_workbook(data: bytes) -> bool:
    """Whether a zip archive is a workbook of Excel or of LibreOffice."""
    if _SPREADSHEET in data[:128]:
        return True
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return b"xl/" in data[:4096]
    return {"mimetype", "content.xml"} <= names or any(name.startswith("xl/") for name in names)


def refuse_address(source: str | Path) -> None:
    """Refuse a network address, which is never fetched.

    Raises:
        InputMissingError: the name begins as an address does, and no such file is there.
    """
    found = _ADDRESS.match(str(source))
    if found is None or Path(source).exists():
        return
    scheme = found[1].lower()
    what = "a network address" if scheme != "file" else "an address"
    hint = "download the file first and give its path"
    if scheme.startswith(("postgres", "mysql", "mssql", "oracle", "jdbc", "redshift", "snowflake", "mongodb")):
        hint = "export the rows into a CSV file with the database's own client, and give its path"
    elif scheme in ("http", "https", "ftp"):
        hint = "download it first, such as with curl -o data.csv ADDRESS, and give the path data.csv"
    elif scheme == "file":
        hint = "give the path alone, without file://"
    # The rest of an address may hold a password.
    raise InputMissingError(f"this is {what}: only files are read, nothing is fetched", hint=hint, file=f"{scheme}://")


def load_extra(package: str, what: str, file: str) -> ModuleType:
    """A package that only an extra installs.

    Raises:
        OptionError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        name = package.replace("_", "-")
        hint = f"{to_install(name)}, or save the table as CSV and give that file"
        raise OptionError(f"{what} needs the package {name}", hint=hint, file=file) from None
