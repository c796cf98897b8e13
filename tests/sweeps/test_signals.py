"""P7: SIGTERM, SIGINT and SIGHUP at many moments of a training that would publish a version."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sampling import sampled
from tests.sweeps.children import (
    LINEAR,
    PLAIN,
    SIGNALS,
    Reached,
    check_in_service,
    end_at,
    fit_words,
    handles,
    has_mapped,
    leftovers,
    make_champion,
    retrain_words,
    stray_files,
    versions,
)
from tsforecast.store.model import StoredModel

pytestmark = pytest.mark.sweep
Command = Callable[..., tuple[str, ...]]
STATUS = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
WORDS = {number: "interrupted" if number == signal.SIGINT else f"ended by {number.name}" for number in SIGNALS}


@dataclass(frozen=True)
class Moment:
    """A moment of a run: its name, and what is true from then on."""

    name: str
    reached: Reached

    def __str__(self) -> str:
        return self.name


def seen(text: str, count: int = 1) -> Reached:
    """Whether so many lines on stderr hold a text."""
    return lambda lines, _: sum(text in line for line in lines) >= count


MOMENTS = (
    Moment("the interpreter starts", lambda *_: True),
    Moment("modules load", handles(signal.SIGHUP)),
    Moment("the data are read", seen("time column")),
    Moment("TensorFlow loads", has_mapped("tensorflow")),
    Moment("the first network is traced", seen("up to ")),
    Moment("the first epochs", seen(": epoch ", 2)),
    Moment("later epochs", seen(": epoch ", 25)),
    Moment("the final training is traced", seen("final training on all rows")),
    Moment("the final epochs", seen("final training on all rows", 20)),
)


@pytest.mark.parametrize("command", [retrain_words])
@pytest.mark.parametrize(("moment", "number"), sampled(3, MOMENTS, SIGNALS), ids=str)
def test_a_signal_at_any_moment_leaves_the_champion(
    tmp_path: Path, moment: Moment, number: signal.Signals, command: Command
) -> None:
    """Each moment with one of the signals in turn, with all of them with `--all`."""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs Linux, which tells what a process does")
    folder = tmp_path / "run"
    model = make_champion(folder)
    words = command(folder, "--epochs", "60", "--verbose", *PLAIN)
    done = end_at(words, folder, number, moment.reached)
    told = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    place = f"{number.name} when {moment.name}: {done.stderr[-2000:]}"
    # Until Python is up, a signal ends it in a way and with a status of its own.
    assert done.status == STATUS[number] or (done.status != 0 and moment == MOMENTS[0]), place
    if moment != MOMENTS[0]:
        assert told == [f"Error: {WORDS[number]}"], place
        assert "Traceback" not in done.stderr, place
    assert versions(model) == ["000001"], place
    assert leftovers(model) == [], place
    assert stray_files(folder) == [], place
    check_in_service(model)
    if words[0] == "retrain":
        check_log(folder, STATUS[number], begun=moment not in MOMENTS[:2])


def check_log(folder: Path, status: int, *, begun: bool) -> None:
    """A retraining that has begun leaves word of how it ended."""
    log = folder / "log"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    assert len(lines) == 1 or not (lines or begun)
    assert [(line["status"], line["exit"]) for line in lines] == [("failed", status)] * len(lines)


@pytest.mark.parametrize(("number", "command"), sampled(2, SIGNALS, [fit_words, retrain_words]))
def test_a_signal_while_a_version_is_published(tmp_path: Path, number: signal.Signals, command: Command) -> None:
    """Between the stage and CURRENT there are milliseconds: the old version is in service, or the new one."""
    folder = tmp_path / "run"
    model = make_champion(folder)
    words = command(folder, sizes=LINEAR)
    done = end_at(words, folder, number, lambda *_: bool(leftovers(model)))
    assert done.status in (STATUS[number], 0)
    assert leftovers(model) == []
    current = f"{StoredModel(model).in_service():06d}"
    assert versions(model)[-1] == current
    assert done.status == STATUS[number] or current == "000002"
    check_in_service(model)


def test_a_quiet_run_says_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    checkpoint = make_champion(folder) / ".checkpoint"
    words = fit_words(folder, "--epochs", "60", "--quiet", *PLAIN)
    done = end_at(words, folder, signal.SIGTERM, lambda *_: checkpoint.exists())
    assert (done.status, done.stderr) == (143, "Error: ended by SIGTERM\n")


def test_nohup_stays(tmp_path: Path) -> None:
    """A SIGHUP that the caller ignores does not end the run."""
    folder = tmp_path / "run"
    model = make_champion(folder)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    words = fit_words(folder, sizes=LINEAR)
    try:
        done = end_at(words, folder, signal.SIGHUP, seen("time column"))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (done.status, versions(model)) == (0, ["000001", "000002"])
