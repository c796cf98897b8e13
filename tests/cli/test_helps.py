"""The two lengths of the help: `-h` fits a screen, `--help` leaves nothing out."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from tsforecast.cli import COMMANDS, main
from tsforecast.cli.commands.models import COMMANDS as MODEL_COMMANDS
from tsforecast.cli.helps import SCREEN

ROOT = click.Context(main, info_name="tsforecast")
LINES = [(), *((name,) for name in COMMANDS), *(("models", name) for name in MODEL_COMMANDS)]


def options(words: tuple[str, ...]) -> Iterator[click.Option]:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(ROOT, word)
        assert found is not None
        command = found
    yield from (param for param in command.params if isinstance(param, click.Option))


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_the_short_help_fits_a_screen_and_the_long_one_has_everything(run, words):
    brief, whole = run(*words, "-h").stdout, run(*words, "--help").stdout
    assert len(brief.splitlines()) <= SCREEN
    assert max(map(len, brief.splitlines())) <= 80
    for text in (brief, whole):
        assert text.startswith(f"Usage: {' '.join(('tsforecast', *words))} ")
    for option in options(words):
        long = max(option.opts, key=len)
        assert f"{long}" in whole
        if getattr(option, "usual", False):
            assert long in brief


def test_what_is_left_out_of_a_short_help(run):
    brief = run("fit", "-h").stdout
    assert "--horizon N " in brief and "--dropout" not in brief and "Models:" not in brief
    assert "[default: ./models]" in brief and "[default: (" not in brief
    assert brief.endswith(f"All {len(list(options(('fit',))))} options: tsforecast fit --help\n")


def test_a_help_that_fits_is_not_shortened(run):
    assert run("status", "-h").stdout == run("status", "--help").stdout


def test_nothing_typed_shows_the_short_help(run):
    assert run().stderr.rstrip() == run("-h").stdout.rstrip()
    assert "Exit status" in run("--help").stdout


def test_a_usage_error_points_to_the_short_help(run):
    assert run("fit").stderr == "Error: Missing argument 'DATA'; see tsforecast fit -h\n"
    assert run("fit", "--horizn", "3").stderr == "Error: No such option '--horizn'. Did you mean '--horizon'?\n"
