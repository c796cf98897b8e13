"""`tsforecast help`: the same as --help after a command."""

from __future__ import annotations

import re

import pytest

from tsforecast.cli.manual import _escaped

REQUEST = re.compile(r"\.(TH|SH|PP|TP|B|nf|fi)( |$)")
OPTION = re.compile(r"^  (--[a-z-]+)", flags=re.M)


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


@pytest.mark.parametrize("words", [[], ["fit"], ["models", "prune"]])
def test_a_man_page_has_the_words_of_the_help(run, words):
    result = run("help", *words, "--man")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    name = "-".join(["tsforecast", *words])
    assert lines[0].startswith(f'.TH "{name.upper()}" "1"') and lines[2].startswith(name.replace("-", "\\-"))
    assert ".SH SYNOPSIS" in lines and ".SH DESCRIPTION" in lines and "\b" not in result.stdout
    assert not [line for line in lines if line.startswith(("'", ".")) and not REQUEST.match(line)]
    plain = "".join(result.stdout.replace("\\-", "-").replace("\\&", "").split())
    shown = run(*words, "--help").stdout
    assert all("".join(line.split()) in plain for line in shown.splitlines() if line.strip().startswith("tsforecast "))
    options = OPTION.findall(shown)
    assert options and all(option in plain for option in options)


def test_lines_of_a_man_page_are_no_requests():
    assert _escaped(".txt or .svg") == "\\&.txt or .svg"
    assert _escaped("a\\b --c") == "a\\eb \\-\\-c"
