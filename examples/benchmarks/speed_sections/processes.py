"""Fresh processes: timed from start to end with their peak memory, or kept open to take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

_WORKERS = Path(__file__).resolve().parent / "workers"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Ask = Callable[..., dict[str, Any]]
CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Setting:
    """What every section is told.

    Args:
        folder: an empty one for its files.
        runs: times that each thing is measured; medians are reported.
        quick: whether everything is so small that the figures mean nothing.
        peer_python: interpreter of an environment with the peers; None leaves them out.
        data: a CSV file, for the section that needs one.
    """

    folder: Path
    runs: int
    quick: bool = False
    peer_python: str | None = None
    data: Path | None = None


@dataclass(frozen=True)
class Measured:
    """A process from its start to its end.

    Args:
        seconds: wall-clock.
        peak_rss_mib: most resident memory, in MiB.
    """

    seconds: float
    peak_rss_mib: float


def tsforecast(*words: object) -> list[str]:
    """A `tsforecast` command line."""
    return [sys.executable, "-m", "tsforecast", *map(str, words)]


def ours(worker: str, *words: object) -> list[str]:
    """The command that runs a worker in this environment."""
    return [sys.executable, str(_WORKERS / f"{worker}.py"), *map(str, words)]


def peer(setting: Setting, worker: str, *words: object) -> list[str]:
    """The command that runs a worker in the environment of the peers."""
    return [str(setting.peer_python), str(_WORKERS / f"{worker}.py"), *map(str, words)]


def environment(command: Sequence[str], threads: int) -> dict[str, str]:
    """Variables of a process: as many threads for every library, compiled modules kept as an installed package has.

    The peers' environment sees nothing of this one, nor of this folder: a peer that imports `coverage` means another.
    """
    dropped = {"PYTHONDONTWRITEBYTECODE"} | (set() if command[0] == sys.executable else {"PYTHONPATH"})
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | dict.fromkeys(_THREAD_VARIABLES, str(threads))


def measure(command: list[str]) -> Measured:
    """Run a command in a fresh process with a thread for each core; exits when it fails."""
    launched = [sys.executable, "-S", str(_WORKERS / "launcher.py"), *command]
    done = subprocess.run(launched, env=environment(command, CORES), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(launched)} failed:\n{done.stderr}")
    result = json.loads(done.stdout)
    if result.pop("exit_code"):
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return Measured(**result)


def take_turns(commands: dict[str, list[str]], runs: int) -> dict[str, list[Measured]]:
    """Measure commands, one after the other, `runs` times in turn; a first round only fills the disk's cache."""
    for command in commands.values():
        measure(command)
    rounds = [{name: measure(command) for name, command in commands.items()} for _ in range(runs)]
    return {name: [taken[name] for taken in rounds] for name in commands}


def median_ratio(above: list[float], below: list[float]) -> float:
    """The median over rounds of one measurement through the other of the same round."""
    return median(a / b for a, b in zip(above, below, strict=True))


@contextmanager
def worker(command: Sequence[str], threads: int) -> Iterator[Ask]:
    """A process that does what it is asked and sleeps in between, so that workers can take turns.

    Args:
        command: that starts it.
        threads: of every library in it.

    Returns:
        A function of a request, `ask("train", steps=3)`, that returns the reply and exits when the process has died.
    """
    pipe, variables = subprocess.PIPE, environment(command, threads)
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=errors, text=True) as process,
    ):

        def ask(do: str, **request: Any) -> dict[str, Any]:
            reply = ""
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps({"do": do, **request}) + "\n")
                process.stdin.flush()
                reply = process.stdout.readline()
            if not reply:
                errors.seek(0)
                sys.exit(f"{' '.join(command)} failed:\n{errors.read()}")
            return json.loads(reply)

        yield ask
