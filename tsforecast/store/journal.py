"""journal.jsonl: what was published, rolled back and pruned, when and by whom; one line each.

The journal is for people. It decides nothing, except that a CURRENT without a checksum must agree with it. A change
that cannot be noted there has happened all the same.
"""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path
from typing import Any

from tsforecast import clock
from tsforecast.store.layout import JOURNAL
from tsforecast.store.safe_files import FILE_MODE, SAFE

PUBLISHED, ROLLED_BACK, PRUNED = "published", "rolled-back", "pruned"
_MAX_BYTES = 1 << 16
_WHOLE = 1 << 24  # bytes, of about 100,000 entries


def note_in_journal(model: Path, event: str, version: int | None, previous: int | None) -> str | None:
    """Add a line to the journal.

    Args:
        model: folder of the model.
        event: PUBLISHED, ROLLED_BACK, PRUNED, or words for people.
        version: the version that was put into service, or pruned; None for all.
        previous: the version that was in service before; None for the first, and for one that could not be read.

    Returns:
        Why the line could not be written; None if it was.
    """
    entry = {
        "time": clock.now().isoformat(timespec="milliseconds"),
        "event": event,
        "version": version,
        "from": previous,
        "user": _user(),
        "pid": os.getpid(),
    }
    try:
        _append(model / JOURNAL, f"{json.dumps(entry)}\n".encode())
    except OSError as error:
        return f"the journal could not be written: {error.strerror or error}"
    return None


def _append(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | SAFE, FILE_MODE)
    try:
        size = os.fstat(handle).st_size
        # A line that a full disk or a kill has cut off must not take this one with it.
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, b"\n" + line if torn else line)
    finally:
        os.close(handle)


def read_journal(model: Path, most: int = 10) -> list[dict[str, Any]]:
    """The last entries of the journal of a model's folder, oldest first; none where it cannot be read."""
    return _entries(_tail(model, _MAX_BYTES))[-most:]


def is_in_journal(model: Path, version: int) -> bool:
    """Whether any entry mentions a version, as its subject or as what was in service before.

    True as well where that cannot be told: the journal cannot be read, or is longer than 16 MiB.
    """
    data = _tail(model, _WHOLE)
    if not data or len(data) == _WHOLE:
        return True
    return any(version in (entry.get("version"), entry.get("from")) for entry in _entries(data))


def _tail(model: Path, most: int) -> bytes:
    """The last bytes of the journal; none where it cannot be read."""
    try:
        handle = os.open(model / JOURNAL, os.O_RDONLY | SAFE)
    except OSError:
        return b""
    try:
        size = os.fstat(handle).st_size
        return os.pread(handle, most, max(0, size - most))
    except OSError:
        return b""
    finally:
        os.close(handle)


def _entries(data: bytes) -> list[dict[str, Any]]:
    """The lines that can be read."""
    entries = [_entry(line) for line in data.splitlines()]
    return [entry for entry in entries if entry is not None]


def last_put_into_service(model: Path) -> int | None:
    """The version that was published or rolled back to last; None where the journal does not say it."""
    for entry in reversed(read_journal(model, _MAX_BYTES)):
        if entry.get("event") in (PUBLISHED, ROLLED_BACK) and type(entry.get("version")) is int:
            return int(entry["version"])
    return None


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _user() -> str:
    user = os.geteuid()
    try:
        return pwd.getpwuid(user).pw_name[:100]
    except KeyError:
        return str(user)
