"""`tsforecast completion`: the script of each shell, and what is completed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from tests.store.conftest import build
from tsforecast.cli import COMMANDS, main
from tsforecast.store.store import Store


def complete(*words: str) -> list[str]:
    """What is offered in place of the last word."""
    found = ShellComplete(main, {}, "tsforecast", "_TSFORECAST_COMPLETE").get_completions(list(words[:-1]), words[-1])
    return [item.value for item in found]


@pytest.mark.parametrize(("shell", "mark"), [("bash", "complete -o nosort"), ("zsh", "compdef"), ("fish", "complete ")])
def test_the_script_of_a_shell(run, shell, mark):
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("no bash")
    text = run("completion", shell).stdout
    assert mark in text and "_TSFORECAST_COMPLETE" in text and "tsforecast" in text


def test_another_shell_is_refused(run):
    assert "did you mean 'zsh'?" in run("completion", "zzsh").stderr


def test_commands_options_and_values_are_completed():
    assert complete("") == list(COMMANDS)
    assert complete("fi") == ["fit"]
    assert complete("models", "ro") == ["rollback"]
    assert "--season-length" in complete("fit", "--s")
    assert complete("fit", "a.csv", "--preset", "b") == ["balanced", "best"]


def test_names_of_published_models_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TSFORECAST_STORE", raising=False)
    assert complete("status", "") == []
    for name in ("sales", "stock"):
        Store("models").model(name).publish(build("naive"))
    Store("other").model("power").publish(build("naive"))
    for words in (["predict", "--name"], ["status"], ["report"], ["models", "show"], ["models", "prune"]):
        assert complete(*words, "s") == ["sales", "stock"]
    assert complete("status", "--store", "other", "") == ["power"]
    monkeypatch.setenv("TSFORECAST_STORE", "other")
    assert complete("score", "a.csv", "--name", "") == ["power"]
