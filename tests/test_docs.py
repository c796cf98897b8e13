"""The README tells the truth: its commands run, its options exist, and every command and model is in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.conftest import Run
from tsforecast.cli import COMMANDS, main
from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.registry import MODELS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.usefixtures("shared_graphs")
# The same commands, trained for one epoch only.
QUICK = {
    f"TSFORECAST_{command}_{option}": value
    for command in ("FIT", "RETRAIN")
    for option, value in {"PRESET": "fast", "EPOCHS": "1", "LINEAR_SKIP": "on"}.items()
}
SMALL = {"TSFORECAST_FIT_LOOKBACK": "96", "TSFORECAST_FIT_UNITS": "8", "TSFORECAST_RETRAIN_UNITS": "8"}


def blocks(marker: str) -> list[list[str]]:
    """Command lines of the console blocks that follow `<!-- marker -->`."""
    found = re.findall(rf"<!-- {marker} -->\n```console\n(.*?)```", README, flags=re.S)
    return [[line[2:] for line in block.splitlines() if line.startswith("$ ")] for block in found]


def start(line: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line) if isinstance(line, str) else line
    environment = {**os.environ, **QUICK, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_every_command_of_the_readme_runs(run: Run, tmp_path: Path) -> None:
    """What trains runs in this process, which has loaded TensorFlow."""
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    for name, text in re.findall(r"<!-- file (\S+) -->\n```\w+\n(.*?)```", README, flags=re.S):
        (tmp_path / name).write_text(text)
    lines = [line for block in blocks("run") for line in block]
    assert len(lines) >= 5
    for line in lines:
        program, command, *words = shlex.split(line)
        if command in ("fit", "retrain"):
            assert program == "tsforecast"
            result = run(command, *words, **QUICK, **SMALL)
            assert result.exit_code == 0, f"{line}\n{result.output}"
        else:
            done = start(line, tmp_path)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (tmp_path / "demand.csv").stat().st_size > 1000
    assert (tmp_path / "demand.png").read_bytes().startswith(b"\x89PNG")


def test_the_errors_of_the_readme_are_those_shown(tmp_path: Path) -> None:
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    for block in blocks("fails"):
        for line in block:
            done = start(line, tmp_path)
            assert done.returncode > 0
            assert done.stderr.strip().splitlines()[-1] in README


@pytest.mark.sweep
def test_the_python_example_runs(tmp_path: Path) -> None:
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    quick = code.replace('name="equipment")', 'name="equipment", preset="fast", epochs=1)', 1)
    done = start([sys.executable, "-c", quick], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "auto makes" in done.stdout and "lower_80" in done.stdout


def options_of(command: click.Command, ctx: click.Context) -> set[str]:
    """All option names of a command and of the commands below it."""
    names = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None
            names |= options_of(below, ctx)
    return names


def test_options_named_in_the_readme_exist() -> None:
    known = options_of(main, click.Context(main)) | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named <= known, named - known


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"tsforecast {command}" in README


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_is_documented_in_its_own_words(model) -> None:
    assert f"| `{model.name}` | {model.summary} |" in README


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_documented_in_its_own_words(name: str) -> None:
    assert f"| `{name}` | {STRATEGIES[name].summary} |" in README


@pytest.mark.sweep  # much of them stands in the README as well
@pytest.mark.parametrize("name", ["demo.sh", "many_series.sh", "python_api.py"])
def test_the_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.endswith(".py"):
        done = start([sys.executable, str(ROOT / "examples" / name), "store", "fast"], tmp_path)
    else:
        monkeypatch.setenv("DEMO_FIT_OPTIONS", "--preset fast --epochs 1")
        done = start(["bash", str(ROOT / "examples" / name), "out"], tmp_path)
    assert done.returncode == 0, done.stderr
