"""The log of runs: one line of JSON for each, so short and written so that two runs at once do not mix theirs.

The file is opened anew for each line: a log that was rotated meanwhile is begun anew, and none is kept open.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from tsforecast.errors import OutputError, StorageError
from tsforecast.files import plain, writing

# What a pipe takes in one piece on every system that we know of.
_MAX_BYTES = 4096
# Characters of a text, and items of a list, at most; tried until the line is short enough.
_CUTS = (1000, 300, 100, 30, 10)
# Not blocking: a pipe that nobody reads would hold the run for ever.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def append_record(target: str, record: Mapping[str, Any]) -> None:
    """Append one line to a log.

    Args:
        target: the file, which is made if need be; `-` is stdout.
        record: values by name, some dozens at most. Long texts and lists are cut to keep the line below 4 KB.

    Raises:
        OutputError: the log cannot be opened, or stdout is closed.
        StorageError: the disk is full or failed.
    """
    line = _line(record)
    if target == "-":
        if sys.stdout is None:
            raise OutputError("stdout is closed, so the log cannot go there", hint="name a file")
        with writing("stdout"):
            sys.stdout.write(line.decode("ascii"))
            sys.stdout.flush()
        return
    with writing(target):
        handle = os.open(target, _FLAGS, 0o640)
        try:
            written = os.write(handle, line)
        finally:
            os.close(handle)
    if written < len(line):
        raise StorageError("only a part of the line could be written", hint="check the disk", file=target)


def _line(record: Mapping[str, Any]) -> bytes:
    values = plain(dict(record))
    line = _encode(values)
    for limit in _CUTS:
        if len(line) < _MAX_BYTES:
            break
        line = _encode(_cut(values, limit))
    return line


def _encode(values: Any) -> bytes:
    # ASCII, so that it reads the same in any locale and a name that is no text has its place too.
    return (json.dumps(values, allow_nan=False) + "\n").encode("ascii")


def _cut(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= limit else f"{value[: limit - 3]}..."
    if isinstance(value, list):
        return [_cut(item, limit) for item in value[:limit]]
    if isinstance(value, dict):
        return {key: _cut(item, limit) for key, item in value.items()}
    return value
