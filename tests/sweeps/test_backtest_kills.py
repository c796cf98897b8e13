"""SIGKILL at random moments of backtests and comparisons: the run after it goes on, and ends with the same forecasts.

Three kills of each command, and 12 with `--all`.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.sampling import usual
from tests.sweeps.children import LINEAR, PLAIN, SIZES, Done, end_at, report, run
from tests.workflows.conftest import sales

pytestmark = pytest.mark.sweep
KILLS = usual(3, full=12)
# What is killed early has made nothing, what is killed late all.
WINDOWS = ("--windows", "6")
NETWORK = (*SIZES, *PLAIN, "--epochs", "1", *WINDOWS)
COMMANDS = {
    "backtest": ("backtest", "sales.csv", *LINEAR, *WINDOWS),
    "in two processes": ("backtest", "sales.csv", *LINEAR, *WINDOWS, "--jobs", "2"),
    "compare": ("compare", "sales.csv", "--models", usual("linear,drift", full="gru,linear"), *NETWORK[2:]),
}
SHOPS = tuple(f"shop {number:02d}" for number in range(30))  # so many that a fit takes some time


def killed(words: tuple[str, ...], folder: Path, moment: int) -> Done:
    """Killed when so many windows, over all models, are forecast, and a moment later."""

    def reached(lines: list[str], _: int) -> bool:
        told = sum("are forecast" in line for line in lines)
        time.sleep(0.01 * (moment % 7))
        return told >= moment

    return end_at(words, folder, signal.SIGKILL, reached)


def workers_of(folder: Path) -> list[str]:
    """Processes that still run in a folder."""
    found = []
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            here = os.readlink(f"/proc/{process}/cwd") == str(folder)
        except OSError:
            continue
        if here and Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z":
            found.append(process)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_run_goes_on(tmp_path: Path, name: str) -> None:
    folder, draw = tmp_path.resolve(), random.Random(name)
    sales(700, shops=SHOPS).to_csv(folder / "sales.csv", index=False)
    words = (*COMMANDS[name], "--store", "store")
    assert run((*words, "--forecasts", "whole.csv"), folder).status == 0
    kills = resumed = 0
    while kills < KILLS:
        done = killed((*words, "--forecasts", "made.csv"), folder, draw.randrange(6))
        kills += done.status != 0
        resumed += "goes on with" in done.stderr
        assert "Traceback" not in done.stderr and "dropped" not in done.stderr, done.stderr
        assert done.status in (0, 128 + signal.SIGKILL), done.stderr
    done = run((*words, "--forecasts", "made.csv"), folder)
    assert done.status == 0, done.stderr
    assert (folder / "made.csv").read_bytes() == (folder / "whole.csv").read_bytes()
    assert not (folder / "store").exists() or os.listdir(folder / "store") == []
    ends = time.monotonic() + 30
    while workers_of(folder) and time.monotonic() < ends:
        time.sleep(0.05)
    assert workers_of(folder) == []
    assert sorted(os.listdir(folder)) in (
        ["made.csv", "sales.csv", "tmp", "whole.csv"],
        ["made.csv", "sales.csv", "store", "tmp", "whole.csv"],
    )
    report(f"kills of {name}", {"kills": kills, "went_on": resumed + ("goes on with" in done.stderr)})
