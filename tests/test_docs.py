"""The README and the pages beside it tell the truth: commands run, print what is shown, and name what there is."""

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
from tests.readme import PAGES, ROOT, on_a_terminal, played, shown_outputs
from tsforecast.cli import COMMANDS, main
from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.registry import MODELS

README, *OTHERS = (page.read_text(encoding="utf-8") for page in PAGES)
ALL = "\n".join((README, *OTHERS))
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.usefixtures("shared_graphs")
# The same commands, trained for one epoch only.
QUICK = {
    f"TSFORECAST_{command}_{option}": value
    for command in ("FIT", "RETRAIN")
    for option, value in {"PRESET": "fast", "EPOCHS": "1", "LINEAR_SKIP": "on"}.items()
}
TRAINS = re.compile(r"tsforecast (fit|retrain) (?!.*c02)")
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
DURATION = re.compile(r"(\d+ min(?: \d+ s)?|\d[\d.]* s)\b")
ROW = re.compile(r"^\S+( +[-+]?[\d.,]+%?){3,}")
DRAWN = re.compile("[\u2800-\u28ff\u2500]")
SMALL = {"TSFORECAST_FIT_LOOKBACK": "96", "TSFORECAST_FIT_UNITS": "8", "TSFORECAST_RETRAIN_UNITS": "8"}


def start(line: str | list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line) if isinstance(line, str) else line
    environment = {**os.environ, **QUICK, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def test_every_command_of_the_readme_runs(run: Run, tmp_path: Path) -> None:
    """What trains runs in this process, which has loaded TensorFlow, and for one epoch only."""
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")

    def play(line: str) -> str:
        program, command, *words = shlex.split(line)
        assert program == "tsforecast"
        if command in ("fit", "retrain") and "c02" not in words:
            result = run(command, *words, **QUICK, **SMALL)
            assert result.exit_code == 0, f"{line}\n{result.output}"
            return result.output
        said = on_a_terminal(line, tmp_path)
        assert ("Error: " in said) == ("c02" in words), f"{line}\n{said}"
        return said

    now = played(README, tmp_path, play)
    for (commands, shown), (_, printed) in zip(shown_outputs(README), shown_outputs(now), strict=True):
        if not TRAINS.search(commands):
            assert_alike(shown, printed)


@pytest.mark.sweep
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_shown_is_what_is_printed(page: Path, tmp_path: Path) -> None:
    """Also by what trains, whose numbers differ a little between machines."""
    (tmp_path / "datasets").symlink_to(ROOT / "datasets")
    text = page.read_text(encoding="utf-8")
    now = played(text, tmp_path, lambda line: on_a_terminal(line, tmp_path))
    for (commands, shown), (_, printed) in zip(shown_outputs(text), shown_outputs(now), strict=True):
        assert_alike(shown, printed, 0.25 if TRAINS.search(commands) else 0.02)


def assert_alike(shown: str, printed: str, tolerance: float = 0.02) -> None:
    """The same words, and numbers that are close but for seconds; no words where a table or a picture stands."""
    for text in (shown, printed):
        assert text.strip()
    first, second = (spoken(text) for text in (shown, printed))
    words = [NUMBER.sub("0", text).split() for text in (first, second)]
    assert words[0] == words[1]
    numbers = [[float(found.replace(",", "")) for found in NUMBER.findall(text)] for text in (first, second)]
    assert numbers[0] == pytest.approx(numbers[1], rel=tolerance, abs=0.01)


def spoken(text: str) -> str:
    """The sentences of an output: no rows of tables with seconds in them, no drawings, no durations."""
    lines = [line for line in text.splitlines() if not ROW.search(line) and not DRAWN.search(line)]
    return DURATION.sub("0 s", " ".join(lines))


def test_a_page_shows_a_difference() -> None:
    """What is compared above can fail."""
    shown = "theta errs 25% more after 3 min 1 s\ntheta  0.83  0.02  +34.3%  1.0\n"
    assert_alike(shown, shown.replace("3 min 1 s", "4 s").replace("0.83", "0.90"))
    for other in (shown.replace("25%", "35%"), shown.replace("more", "less"), ""):
        with pytest.raises(AssertionError):
            assert_alike(shown, other)


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


def test_options_that_are_named_exist() -> None:
    known = options_of(main, click.Context(main)) | {"--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ALL))
    assert named <= known, named - known


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"tsforecast {command}" in README


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_is_documented_in_its_own_words(model) -> None:
    assert f"| `{model.name}` | {model.summary} |" in README


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_is_documented_in_its_own_words(name: str) -> None:
    assert f"| `{name}` | {STRATEGIES[name].summary} |" in ALL


@pytest.mark.sweep  # much of them stands in the README as well
@pytest.mark.parametrize("name", ["demo.sh", "many_series.sh", "python_api.py"])
def test_the_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.endswith(".py"):
        done = start([sys.executable, str(ROOT / "examples" / name), "store", "fast"], tmp_path)
    else:
        monkeypatch.setenv("DEMO_FIT_OPTIONS", "--preset fast --epochs 1")
        done = start(["bash", str(ROOT / "examples" / name), "out"], tmp_path)
    assert done.returncode == 0, done.stderr
