"""Work in processes of their own: its results, its errors, and that none of them outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tsforecast.errors import DataError, MemoryShortageError
from tsforecast.fitting.processes import in_processes

MAIN = """
import os, sys, time
from tests.fitting.test_processes import told
from tsforecast.fitting.processes import in_processes
if __name__ == "__main__":
    for number in in_processes(told, [(1, 0), (2, 1000)], 2):
        print(number, flush=True)
"""


def told(number, seconds):
    """Its number and that of its process, after a while."""
    sys.stdout.write(f"at work {os.getpid()}\n")
    sys.stdout.flush()
    time.sleep(seconds)
    return number


def refused(number):
    raise DataError("too short", hint="add rows", file=f"{number}.csv")


def ended(number):
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_results_and_errors_come_back():
    assert sorted(in_processes(told, [(number, 0) for number in range(3)], 1)) == [0, 1, 2]
    with pytest.raises(DataError) as raised, closing(in_processes(refused, [(7,)], 1)) as work:
        next(work)
    assert (raised.value.hint, raised.value.file) == ("add rows", "7.csv")


def test_a_process_that_is_ended_from_outside_is_an_error():
    with pytest.raises(MemoryShortageError, match="ended from outside"):
        list(in_processes(ended, [(1,)], 1))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_processes_end_with_whoever_started_them(number):
    """A signal to the whole group, as of Ctrl-C, too; and they say nothing."""
    main = subprocess.Popen(
        [sys.executable, "-c", MAIN], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    lines = []
    while sum("at work" in line for line in lines) < 2:
        lines.append(main.stdout.readline())
        assert lines[-1]
    workers = {int(line.split()[2]) for line in lines if "at work" in line}
    (os.kill if number == signal.SIGKILL else os.killpg)(main.pid, number)
    _, said = main.communicate(timeout=100)
    for _ in range(3000):
        if not any(map(is_alive, workers)):
            break
        time.sleep(0.01)
    assert not any(map(is_alive, workers))
    assert main.returncode != 0 and said.count("Traceback") == (number == signal.SIGINT)  # that of the main program
