"""`tsforecast help`: the same as --help after a command."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("words", [[], ["fit"], ["models"], ["models", "prune"]])
def test_help_is_the_help_of_the_command(run, words):
    result = run("help", *words)
    assert (result.exit_code, result.stdout) == (0, run(*words, "--help").stdout)


@pytest.mark.parametrize(
    ("words", "text"),
    [(["fti"], "did you mean 'fit'?"), (["models", "prun"], "did you mean 'prune'?"), (["fit", "x"], "no commands")],
)
def test_what_has_no_help(run, words, text):
    result = run("help", *words)
    assert result.exit_code == 2 and text in result.stderr
