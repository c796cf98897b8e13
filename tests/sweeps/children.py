"""Trainings in processes of their own, on a store with a champion: started, watched, ended."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
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
WAIT = 3000.0  # seconds; a guard against a child that never ends
_DAYS = 400  # that the champion knows


def fit_words(folder: Path, *more: str) -> tuple[str, ...]:
    """The command that is swept; another one that trains and publishes can take its place."""
    return ("fit", str(folder / "sales.csv"), *SIZES, "--store", str(folder / "store"), *more)


def retrain_words(folder: Path, *more: str) -> tuple[str, ...]:
    """A retraining on rows that are new to the model in service, of which any that trains is published."""
    days = _DAYS + 30 * len(versions(folder / "store" / "sales"))
    sales(days, shops=("a",)).to_csv(folder / "sales.csv", index=False)
    rules = ("--tolerance", "1000", "--no-beat-naive", "--log-file", str(folder / "log"))
    return ("retrain", str(folder / "sales.csv"), *SIZES, "--store", str(folder / "store"), *rules, *more)


@dataclass(frozen=True)
class Done:
    """How a child ended: exit status as a shell tells it, its stderr, and seconds from the signal to its end."""

    status: int
    stderr: str
    seconds: float


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
    return Done(child.returncode, stderr, 0.0)


def end_at(
    words: Sequence[str], folder: Path, number: int, reached: Callable[[list[str]], bool], after: float = 0.0
) -> Done:
    """Send a signal `after` seconds from when `reached` is true of the lines on stderr so far."""
    child = start(words, folder)
    assert child.stderr is not None
    lines: list[str] = []
    arrived: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda stream: [arrived.put(line) for line in stream], args=(child.stderr,))
    reader.start()
    began = time.monotonic()
    while not reached(lines) and child.poll() is None and time.monotonic() - began < WAIT:
        try:
            lines.append(arrived.get(timeout=0.002))
        except queue.Empty:
            continue
    time.sleep(after)
    sent = time.monotonic()
    child.send_signal(number)
    status = child.wait(WAIT)
    seconds = time.monotonic() - sent
    reader.join()
    child.stderr.close()
    while not arrived.empty():
        lines.append(arrived.get())
    # A process that the signal itself ended: a shell tells the same number as of one that caught it.
    return Done(status if status >= 0 else 128 - status, "".join(lines), seconds)


_ONE_AT_A_TIME = threading.Lock()


@cache
def _champion(base: Path) -> Path:
    folder = base / "champion"
    folder.mkdir()
    sales(_DAYS, shops=("a",)).to_csv(folder / "sales.csv", index=False)
    fit(folder / "sales.csv", options=FitOptions(model="linear"), store=folder / "store")
    return folder


def make_champion(folder: Path) -> Path:
    """A folder with data and a store whose version 1 is in service; the model's folder. Made once."""
    with _ONE_AT_A_TIME:
        champion = _champion(folder.parent)
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
