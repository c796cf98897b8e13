"""Signals become exceptions: what is under way ends well, and the exit status tells by which signal."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from tsforecast.cli.exits import ending_signals
from tsforecast.errors import Terminated

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "ended by SIGTERM", signal.SIGHUP: "ended by SIGHUP"}


def send(number: int) -> None:
    signal.raise_signal(number)


@pytest.fixture
def listing(play: Any) -> Any:
    """`listing(function)`: `tsforecast models list` calls it."""
    return lambda function: play("store.store", Store=function)


@pytest.mark.parametrize("number", STATUS)
def test_a_signal_ends_the_command_with_its_status(run: Any, listing: Any, number: int) -> None:
    listing(lambda *_args, **_given: send(number))
    result = run("models", "list")
    assert result.exit_code == STATUS[number]
    assert result.stderr == f"Error: {WORDS[number]}\n"
    assert result.stdout == ""


@pytest.mark.parametrize("number", STATUS)
def test_a_signal_as_json(run: Any, listing: Any, number: int) -> None:
    listing(lambda *_args, **_given: send(number))
    assert json.loads(run("models", "list", "--json").stdout) == {
        "error": {
            "code": STATUS[number],
            "file": None,
            "row": None,
            "column": None,
            "message": WORDS[number],
            "hint": None,
        }
    }


@pytest.mark.parametrize(
    ("words", "way_on"),
    [
        (["fit", "my data.csv", "--horizon", "3"], "tsforecast fit 'my data.csv' --horizon 3 --resume"),
        (["fit", "a.csv", "--resume"], "tsforecast fit a.csv --resume"),
        (["backtest", "a.csv", "--windows", "3"], "tsforecast backtest a.csv --windows 3"),
    ],
)
def test_an_interrupted_training_says_how_to_go_on(run: Any, play: Any, words: list[str], way_on: str) -> None:
    def interrupted(*_args: Any, **_given: Any) -> None:
        send(signal.SIGINT)

    play("workflows.fit", fit=interrupted)
    play("workflows.backtest.run", backtest=interrupted)
    result = run(*words)
    assert (result.exit_code, result.stderr) == (130, f"Error: interrupted\ngo on with: {way_on}\n")
    hint = json.loads(run("--config", os.devnull, *words, "--json").stdout)["error"]["hint"]
    assert hint.startswith("go on with: tsforecast --config /dev/null ")
    assert run(*words, "-q").stderr == "Error: interrupted\n"


def test_a_second_signal_does_not_break_off_the_clean_up(run: Any, listing: Any) -> None:
    cleaned = []

    def work(*_args: Any, **_given: Any) -> None:
        try:
            send(signal.SIGTERM)
        finally:
            send(signal.SIGTERM)
            send(signal.SIGINT)
            cleaned.append("all of it")

    listing(work)
    result = run("models", "list")
    assert (result.exit_code, cleaned) == (143, ["all of it"])


def test_a_signal_that_a_library_swallows_can_be_sent_again(run: Any, listing: Any) -> None:
    def work(*_args: Any, **_given: Any) -> None:
        with suppress(BaseException):
            send(signal.SIGTERM)
        send(signal.SIGTERM)

    listing(work)
    assert run("models", "list").exit_code == 143


def test_what_a_signal_makes_go_wrong_is_the_signals_doing(run: Any, listing: Any) -> None:
    def work(*_args: Any, **_given: Any) -> None:
        try:
            send(signal.SIGTERM)
        except BaseException as error:
            raise ImportError("a module was broken off") from error

    listing(work)
    result = run("models", "list")
    assert (result.exit_code, result.stderr) == (143, "Error: ended by SIGTERM\n")


class Noisy:
    """A signal arrives while the garbage collector destroys this."""

    def __del__(self) -> None:
        send(signal.SIGTERM)


def test_a_signal_in_a_destructor_is_sent_again(run: Any, listing: Any) -> None:
    def work(*_args: Any, **_given: Any) -> None:
        Noisy()
        gc.collect()
        threading.Event().wait(600)

    listing(work)
    result = run("models", "list")
    assert (result.exit_code, result.stderr) == (143, "Error: ended by SIGTERM\n")


def test_what_native_code_prints_of_a_signal_is_not_shown(
    run: Any, listing: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """PyErr_Print calls sys.excepthook, and the exception is gone."""

    def work(*_args: Any, **_given: Any) -> None:
        try:
            send(signal.SIGTERM)
        except Terminated:
            sys.excepthook(*sys.exc_info())
        threading.Event().wait(600)

    listing(work)
    result = run("models", "list")
    assert (result.exit_code, result.stderr, capfd.readouterr().err) == (143, "Error: ended by SIGTERM\n", "")


def test_an_ignored_signal_stays_ignored(run: Any, listing: Any) -> None:
    """As under nohup."""
    listing(lambda *_args, **_given: send(signal.SIGHUP) or SimpleNamespace(overview=list))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run("models", "list").exit_code == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_put_back(run: Any, listing: Any) -> None:
    before = [signal.getsignal(number) for number in STATUS], sys.unraisablehook, sys.excepthook
    listing(lambda *_args, **_given: send(signal.SIGTERM))
    run("models", "list")
    assert ([signal.getsignal(number) for number in STATUS], sys.unraisablehook, sys.excepthook) == before


def test_another_thread_has_no_handlers_to_set() -> None:
    seen: list[Any] = []

    def body() -> None:
        with ending_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_it_is_not_caught_by_accident() -> None:
    assert not issubclass(Terminated, Exception)
    assert os.waitstatus_to_exitcode(signal.SIGTERM) == -(Terminated(signal.SIGTERM).exit_code - 128)
