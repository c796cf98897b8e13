"""strace around the publisher: which calls change the store, and a process that dies or fails at one of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# What changes a file or a folder, or waits until it is on the disk.
_CHANGES = [
    "openat",
    "creat",
    "write",
    "pwrite64",
    "writev",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "unlink",
    "unlinkat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "flock",
    "chmod",
    "fchmod",
    "fchmodat",
]
_LINE = re.compile(r"(\w+)\((.*)\) += (-?\d+|\?)")


@dataclass(frozen=True)
class Call:
    """A call of the operating system.

    Args:
        name: such as `rename`.
        number: its place among the calls of that name, from 1.
        text: its arguments as strace shows them.
        result: what it returned.
    """

    name: str
    number: int
    text: str
    result: int

    def __str__(self) -> str:
        return f"{self.name} {self.number}: {self.text[:150]}"

    @property
    def changes(self) -> bool:
        """Whether it changes anything on the disk, or waits for it."""
        return self.name != "openat" or "O_CREAT" in self.text


@dataclass(frozen=True)
class Ended:
    """How a process of the publisher ended: its exit status, negative for a signal, and what it said."""

    status: int
    said: str


class Publisher:
    """The running program of publisher.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, do: str, *, limit: int | None = None, **arguments: Any) -> Ended:
        """One action, undisturbed."""
        self._ask({"do": do, "with": arguments} | ({} if limit is None else {"limit": limit}))
        return self._ended()

    def trace(
        self, do: str, *, log: Path, inject: str = "", also: str = "", data: bool = False, **arguments: Any
    ) -> Ended:
        """One action under strace, which writes its calls to `log` and injects a fault or a signal.

        Args:
            do: the action.
            log: file of strace's.
            inject: what strace does at which call, such as `fsync:error=EIO:when=3`.
            also: a call to be traced beside those that change something.
            data: whether the log holds all that is written.
            arguments: of the action.
        """
        pid = self._ask({"do": do, "with": arguments, "traced": True})
        shown = ["-xx", "-s", "10000000"] if data else []
        names = ",".join([*_CHANGES, *([also] if also else [])])
        words = ["strace", "-y", *shown, "-o", str(log), "-p", str(pid), "-e", f"trace={names}"]
        with subprocess.Popen([*words, *(["-e", f"inject={inject}"] if inject else [])], **_PIPE) as strace:
            assert strace.stderr is not None
            attached = strace.stderr.readline()
            os.kill(pid, signal.SIGUSR1)
            assert "attached" in attached, attached
            ended = self._ended()
            strace.stderr.read()
        return ended

    def _ask(self, request: dict[str, Any]) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._line())

    def _ended(self) -> Ended:
        return Ended(*json.loads(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the publisher has died; its stderr is shown above"
        return line


_PIPE: dict[str, Any] = {"stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True}


@contextmanager
def publisher() -> Iterator[Publisher]:
    """Start the program; it ends with the block."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "tests.sweeps.publisher"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=ROOT, env=environment, **pipes) as process:
        yield Publisher(process)
        assert process.stdin is not None
        process.stdin.close()


def need_strace() -> None:
    """Skip the test where calls cannot be traced."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace, which is not installed")
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"strace may not trace here: {tried.stderr.strip()}")


def calls(log: Path) -> list[Call]:
    """The calls in a log of strace, with those that failed."""
    seen: Counter[str] = Counter()
    found = []
    for line in log.read_text().splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        name, text, result = match.groups()
        seen[name] += 1
        found.append(Call(name, seen[name], text, -1 if result == "?" else int(result)))
    return found
