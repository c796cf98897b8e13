"""A report in one of its formats, as a file or on stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tsforecast.errors import OptionError
from tsforecast.files import whole_file, writing
from tsforecast.json_output import json_bytes
from tsforecast.reports.content import Report
from tsforecast.reports.markdown import markdown

FORMATS = ("html", "md", "json")
ENDINGS = tuple(f".{name}" for name in FORMATS)


def format_of(path: str | Path) -> str:
    """The format that the ending of a path says; that of `-` is HTML.

    Raises:
        OptionError: another ending.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if str(path) != "-" and ending not in FORMATS:
        raise OptionError(f"cannot tell how to write '{path}'", hint=f"use an ending of {', '.join(ENDINGS)}")
    return ending if str(path) != "-" else FORMATS[0]


def report_bytes(report: Report, form: str) -> bytes:
    """The report in a format, as UTF-8."""
    writers: dict[str, Callable[[Report], bytes]] = {
        "html": _html,
        "md": lambda each: markdown(each).encode(),
        "json": lambda each: json_bytes(each.to_dict()),
    }
    return writers[form](report)


def write_report(report: Report, path: str | Path, form: str) -> int:
    """Write a report into a file as a whole, or to stdout for `-`; how many bytes it has.

    Raises:
        OutputError: the file cannot be created.
        StorageError: the disk is full or failed.
    """
    data = report_bytes(report, form)
    if str(path) == "-":
        with writing("stdout"):
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        return len(data)
    with whole_file(path) as stream:
        stream.write(data)
    return len(data)


def _html(report: Report) -> bytes:
    from tsforecast.reports.html import page

    return page(report).encode()
