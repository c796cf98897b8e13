"""Parts of a long work that are finished, kept until all of it is: a killed run does only the others again.

The parts of a work lie in one folder, a file for each, named after the work's fingerprint and the part's number. They
are written once they are worth it, when the work has gone on for some time since the last ones, and as a run ends
before its time. What lies there of another work, as after a change of the data, an option or the version, is dropped.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsforecast.errors import TsforecastError
from tsforecast.progress import Message, Report
from tsforecast.store.bundle.json_fields import read_fields
from tsforecast.store.bundle.tensors import Tensor
from tsforecast.store.progress_folder import ProgressFolder
from tsforecast.store.safe_files import read_file
from tsforecast.store.sealed import MAX_FRAME, seal, tensors_of, unseal

_FORMAT_VERSION = 1
_TOP = ("format_version", "fingerprint", "number", "facts", "tensors")
_NAMES = re.compile(r"[0-9a-f]{16}-[0-9]{4,}")

# Parts are written when the work went on for so many times what the last writing took, and for a second at least.
_WORTH, _LEAST_SECONDS = 40, 1.0


@dataclass(frozen=True)
class Part:
    """What came out of a part of the work: plain facts, and tensors."""

    facts: dict[str, Any]
    tensors: dict[str, Tensor]


@contextmanager
def keeping(path: Path, fingerprints: Collection[str], report: Report) -> Iterator[KeptParts]:
    """Keep the parts that the body finishes if it is ended before its time, and remove them all if it ends well.

    Where the disk fails, or another run keeps its own parts there, the work goes on without.

    Args:
        path: the folder, which is made once there is something to keep.
        fingerprints: hashes of all that decides the outcomes, one for each work of this run.
        report: receives what was dropped, and what could not be kept.
    """
    kept = KeptParts(path, tuple(fingerprints), report)
    made = [folder for folder in (path.parent, path.parent.parent) if not folder.exists()]
    kept.look()
    try:
        yield kept
    except BaseException:
        kept.flush()
        kept.close()
        raise
    kept.remove()
    with suppress(OSError):
        for folder in (path.parent, *made):
            folder.rmdir()


class KeptParts:
    """The parts of a run. `find` gives those of an earlier one, `keep` takes those of this one."""

    def __init__(self, path: Path, fingerprints: tuple[str, ...], report: Report) -> None:
        """The arguments are those of `keeping`."""
        self._path, self._report = path, report
        self._ours = tuple(_prefix(fingerprint) for fingerprint in fingerprints)
        self._folder: ProgressFolder | None = None
        self._off = False
        self._waiting: dict[tuple[str, int], Callable[[], Part]] = {}
        self._saved_at, self._cost = time.monotonic(), 0.0

    def look(self) -> None:
        """Drop what lies there of another work, and say so."""
        if not self._path.is_dir():
            return
        self._open()
        if self._folder is None:
            return
        with self._going_on():
            self._folder.drop_part()
            others = [name for name in self._folder.names() if not name.startswith(self._ours)]
            for name in others:
                (self._path / name).unlink()
            if others:
                self._warn("an interrupted run had other data, options or another version: this one starts anew")

    def find(self, fingerprint: str, number: int, most: int) -> Part | None:
        """A part that an earlier run has finished.

        Args:
            fingerprint: of its work.
            number: its number in that work.
            most: bytes of its tensors above which it is not read.
        """
        file = self._path / _name(fingerprint, number)
        if self._folder is None or not file.exists():
            return None
        try:
            data = read_file(file, most + MAX_FRAME)
            document, rest = unseal(data, str(file), version=_FORMAT_VERSION, fingerprint=fingerprint)
            top = read_fields(document, _TOP, file=str(file))
            if top.integer("number", 0, 1 << 40) == number:
                return Part(top.mapping("facts"), tensors_of(top, rest))
            reason = "it is another part"
        except (TsforecastError, OSError) as error:
            reason = str(error)
        self.drop(fingerprint, number, reason)
        return None

    def drop(self, fingerprint: str, number: int, reason: str) -> None:
        """Remove a part that cannot be used, and say why."""
        with suppress(OSError):
            (self._path / _name(fingerprint, number)).unlink()
        self._warn(f"a part that an interrupted run has kept is dropped: {reason}")

    def keep(self, fingerprint: str, number: int, make: Callable[[], Part]) -> None:
        """A part is finished; `make` gives what came out of it when it is written."""
        if self._off:
            return
        self._waiting[fingerprint, number] = make
        if time.monotonic() - self._saved_at >= max(_LEAST_SECONDS, _WORTH * self._cost):
            self.flush()

    def flush(self) -> None:
        """Write what has not been written yet."""
        if self._waiting and self._folder is None and not self._off:
            self._open()
        began = time.monotonic()
        while self._waiting and self._folder is not None:
            (fingerprint, number), make = self._waiting.popitem()
            with self._going_on():
                self._folder.write(_name(fingerprint, number), _encode(fingerprint, number, make()))
        self._waiting.clear()
        self._saved_at = time.monotonic()
        self._cost = self._saved_at - began

    def remove(self) -> None:
        """Remove all parts: the work is done."""
        self._waiting.clear()
        if self._folder is not None:
            with self._going_on():
                self._folder.empty()
        self.close()

    def close(self) -> None:
        """Let others have the folder; one that holds nothing does not stay."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _open(self) -> None:
        with self._going_on():
            self._folder = ProgressFolder.open(self._path, _NAMES)
            if self._folder is None:
                self._off = True
                self._warn("progress is not kept: another run on data of this name keeps its own")

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """Do without parts from now on where the disk fails."""
        try:
            yield
        except OSError as error:
            self._off = True
            self.close()
            self._warn(f"progress is not kept: {error.strerror}")

    def _warn(self, text: str) -> None:
        self._report(Message("warning", text))


def _encode(fingerprint: str, number: int, part: Part) -> bytes:
    document = {
        "format_version": _FORMAT_VERSION,
        "fingerprint": fingerprint,
        "number": number,
        "facts": part.facts,
    }
    return seal(document, part.tensors)


def _prefix(fingerprint: str) -> str:
    return f"{fingerprint[:16]}-"


def _name(fingerprint: str, number: int) -> str:
    return f"{_prefix(fingerprint)}{number:04d}"
