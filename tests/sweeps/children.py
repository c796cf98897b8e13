"""Trainings in processes of their own, on a store with a champion: started, watched, ended."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from tests.workflows.conftest import sales
from tsforecast.json_output import json_bytes
from tsforecast.models.options import FitOptions
from tsforecast.store.model import StoredModel
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict

PROGRAM = (sys.executable, "-m", "tsforecast")
# Small, but with all that a real training has: two networks, validation, a final training.
SIZES = ("--model", "gru", "--units", "8", "--lookback", "14", "--segment", "7", "--horizon", "7", "--threads", "1")
# One kind of network, so that no time goes into the choice.
PLAIN = ("--linear-skip", "off", "--normalisation", "last")
# Where the training is not the point.
LINEAR = ("--model", "linear", "--lookback", "14", "--horizon", "7", "--threads", "1")
# What is true of the lines on stderr so far and of the number of the process.
Reached = Callable[[list[str], int], bool]
WAIT = 3000.0  # seconds; a guard against a child that never ends
_DAYS = 400  # that the champion knows


def fit_words(folder: Path, *more: str, sizes: tuple[str, ...] = SIZES) -> tuple[str, ...]:
    """The command that is swept; another one that trains and publishes can take its place."""
    return ("fit", str(folder / "sales.csv"), *sizes, "--store", str(folder / "store"), *more)


def retrain_words(folder: Path, *more: str, sizes: tuple[str, ...] = SIZES) -> tuple[str, ...]:
    """A retraining on rows that are new to the model in service, of which any that trains is published."""
    days = _DAYS + 30 * len(versions(folder / "store" / "sales"))
    sales(days, shops=("a",)).to_csv(folder / "sales.csv", index=False)
    rules = ("--tolerance", "1000", "--no-beat-naive", "--log-file", str(folder / "log"))
    return ("retrain", str(folder / "sales.csv"), *sizes, "--store", str(folder / "store"), *rules, *more)


@dataclass(frozen=True)
class Done:
    """How a child ended: exit status as a shell tells it, and its stderr."""

    status: int
    stderr: str


def environment(folder: Path, **more: str) -> dict[str, str]:
    """That of the tests, with a folder of its own for temporary files."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1", **more}


def start(words: Sequence[str], folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *words],
        cwd=folder,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(words: Sequence[str], folder: Path, **more: str) -> Done:
    """Let a command end by itself."""
    child = start(words, folder, **more)
    _, stderr = child.communicate(timeout=WAIT)
    return Done(child.returncode, stderr)


def end_at(words: Sequence[str], folder: Path, number: int, reached: Reached) -> Done:
    """Send a signal as soon as `reached` is true. What it waits for are events, so that the load does not matter."""
    child = start(words, folder)
    assert child.stderr is not None
    lines: list[str] = []
    arrived: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda stream: [arrived.put(line) for line in stream], args=(child.stderr,))
    reader.start()
    began = time.monotonic()
    while not reached(lines, child.pid) and child.poll() is None and time.monotonic() - began < WAIT:
        try:
            lines.append(arrived.get(timeout=0.002))
        except queue.Empty:
            continue
    child.send_signal(number)
    status = child.wait(WAIT)
    reader.join()
    child.stderr.close()
    while not arrived.empty():
        lines.append(arrived.get())
    # A process that the signal itself ended: a shell tells the same number as of one that caught it.
    return Done(status if status >= 0 else 128 - status, "".join(lines))


def handles(number: int) -> Reached:
    """Whether the process has set a handler of its own for a signal, as Linux tells."""

    def set_up(_: list[str], process: int) -> bool:
        (caught,) = re.findall(r"^SigCgt:\s*(\w+)$", _told(process, "status"), re.MULTILINE) or ["0"]
        return bool(int(caught, 16) >> (number - 1) & 1)

    return set_up


def has_mapped(library: str) -> Reached:
    """Whether the process has begun to load a library, as Linux tells."""
    return lambda _, process: library in _told(process, "maps")


def _told(process: int, name: str) -> str:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{process}/{name}").read_text()
    return ""


_ONE_AT_A_TIME = threading.Lock()


@cache
def _champion(base: Path) -> Path:
    folder = base / "champion"
    folder.mkdir()
    sales(_DAYS, shops=("a",)).to_csv(folder / "sales.csv", index=False)
    fit(folder / "sales.csv", options=FitOptions(model="linear"), store=folder / "store")
    return folder


def make_champion(folder: Path) -> Path:
    """A folder below one of a test, with data and a store whose version 1 is in service; the model's folder.

    It is a copy: pytest's folder, in which the tests have theirs, holds the one that is made.
    """
    with _ONE_AT_A_TIME:
        champion = _champion(folder.parents[1])
    shutil.copytree(champion, folder)
    return folder / "store" / "sales"


def versions(model: Path) -> list[str]:
    return sorted(os.listdir(model / "versions"))


def check_in_service(model: Path) -> pd.DataFrame:
    """What CURRENT names loads, replays its golden batch and forecasts."""
    StoredModel(model).open()
    return predict(store=model.parent).frame


def stray_files(folder: Path) -> list[str]:
    """What a run left where only temporary things belong."""
    return sorted(os.listdir(folder / "tmp"))


def leftovers(model: Path) -> list[str]:
    """Names in a model's folder that an ended run must not leave; an interrupted one may leave a checkpoint."""
    return [name for name in os.listdir(model) if name.startswith((".stage-", ".CURRENT-"))]


def report(name: str, figures: object) -> None:
    """Figures of a sweep, for whoever runs it with -s."""
    sys.stdout.write(f"\n{name}: {json_bytes(figures).decode()}")


SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
