"""P7: SIGTERM, SIGINT and SIGHUP at many moments of a training that would publish a version."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from tests.sweeps.children import (
    SIGNALS,
    check_in_service,
    end_at,
    fit_words,
    leftovers,
    make_champion,
    report,
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
    """A moment of a run.

    Args:
        name: of it.
        seen: what a line on stderr has to hold before; empty for the start.
        after: seconds later.
        count: of how many lines.
    """

    name: str
    seen: str = ""
    after: float = 0.0
    count: int = 1


MOMENTS = (
    Moment("the interpreter starts", after=0.05),
    Moment("modules load", after=0.6),
    Moment("the data are read", "time column"),
    Moment("TensorFlow loads", "time column", 1.0),
    Moment("TensorFlow loads still", "time column", 2.0),
    Moment("the first network is traced", "up to ", 0.5),
    Moment("the first epochs", ": epoch ", count=2),
    Moment("later epochs", ": epoch ", count=25),
    Moment("the final training is traced", "final training on all rows", 0.02),
    Moment("the final epochs", "final training on all rows", count=20),
)


def reached(moment: Moment) -> Callable[[list[str]], bool]:
    return lambda lines: not moment.seen or sum(moment.seen in line for line in lines) >= moment.count


def check_ended(folder: Path, number: signal.Signals, moment: Moment, command: Command) -> float:
    """One run that a signal ends; seconds that it took to end."""
    model = make_champion(folder)
    words = command(folder, "--epochs", "60")
    done = end_at(words, folder, number, reached(moment), moment.after)
    told = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    place = f"{number.name} when {moment.name}: {done.stderr[-2000:]}"
    # Until Python is up, a signal ends it in a way and with a status of its own.
    assert done.status == STATUS[number] or (done.status != 0 and moment == MOMENTS[0]), place
    # Before our handlers are set, the signal itself ends the process, without a word; before our first line, Python may
    # have one.
    if moment != MOMENTS[0]:
        assert told == [f"Error: {WORDS[number]}"] or (not done.stderr and moment == MOMENTS[1]), place
        assert "Traceback" not in done.stderr, place
    assert versions(model) == ["000001"], place
    assert leftovers(model) == [], place
    assert stray_files(folder) == [], place
    check_in_service(model)
    if words[0] == "retrain":
        check_log(folder, STATUS[number], begun=moment not in MOMENTS[:2])
    return done.seconds


def check_log(folder: Path, status: int, *, begun: bool) -> None:
    """A retraining that has begun leaves word of how it ended."""
    log = folder / "log"
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    assert len(lines) == 1 or not (lines or begun)
    assert [(line["status"], line["exit"]) for line in lines] == [("failed", status)] * len(lines)


@pytest.mark.parametrize("command", [retrain_words])
def test_a_signal_at_any_moment_leaves_the_champion(tmp_path: Path, command: Command) -> None:
    cases = list(product(MOMENTS, SIGNALS))
    folders = [tmp_path / str(number) for number in range(len(cases))]
    with ThreadPoolExecutor(2) as pool:
        ended = list(
            pool.map(
                lambda folder, case: check_ended(folder, case[1], case[0], command),
                folders,
                cases,
            )
        )
    report("signals", {"runs": len(ended), "longest_seconds": max(ended)})


@pytest.mark.parametrize("command", [fit_words, retrain_words])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_a_version_is_published(tmp_path: Path, number: signal.Signals, command: Command) -> None:
    """Between the stage and CURRENT there are milliseconds: the old version is in service, or the new one."""
    folder = tmp_path / "run"
    model = make_champion(folder)
    words = command(folder, "--epochs", "2")
    done = end_at(words, folder, number, lambda lines: bool(leftovers(model)))
    assert done.status in (STATUS[number], 0)
    assert leftovers(model) == []
    current = f"{StoredModel(model).in_service():06d}"
    assert versions(model)[-1] == current
    assert done.status == STATUS[number] or current == "000002"
    check_in_service(model)


def test_a_quiet_run_says_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    checkpoint = make_champion(folder) / ".checkpoint"
    words = fit_words(folder, "--epochs", "60", "--quiet")
    done = end_at(words, folder, signal.SIGTERM, lambda lines: checkpoint.exists(), 1.5)
    assert (done.status, done.stderr) == (143, "Error: ended by SIGTERM\n")


def test_nohup_stays(tmp_path: Path) -> None:
    """A SIGHUP that the caller ignores does not end the run."""
    folder = tmp_path / "run"
    model = make_champion(folder)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    words = fit_words(folder, "--epochs", "2")
    try:
        done = end_at(words, folder, signal.SIGHUP, lambda lines: any("epoch" in line for line in lines))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (done.status, versions(model)) == (0, ["000001", "000002"])
