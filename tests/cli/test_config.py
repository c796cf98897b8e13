"""`--config`: what a file sets, what it is refused for, and what wins over it."""

from __future__ import annotations

import pytest


@pytest.fixture
def listed(play, record, calls):
    """The stores that `models list` was asked for."""
    play("workflows.models", list_models=record([]))
    return lambda: [args[0] for args, _ in calls]


def write(text: str) -> str:
    with open("config.toml", "w", encoding="utf-8") as file:
        file.write(text)
    return "config.toml"


def test_typed_wins_over_variable_over_file_over_default(run, listed):
    assert run("models", "list").exit_code == 0
    config = write('[models.list]\nstore = "from-file"')
    run("--config", config, "models", "list")
    run("--config", config, "models", "list", TSFORECAST_STORE="from-variable")
    run("--config", config, "models", "list", "--store", "typed", TSFORECAST_STORE="from-variable")
    assert listed() == ["./models", "from-file", "from-variable", "typed"]


def test_file_from_variable(run, listed):
    run("models", "list", TSFORECAST_CONFIG=write('[models.list]\nstore = "from-file"'))
    assert listed() == ["from-file"]


def test_variable_of_one_command(run, listed):
    run("models", "list", TSFORECAST_MODELS_LIST_STORE="one")
    assert listed() == ["one"]


def test_flags_and_repeated_options(run, play, record, calls):
    play("io.panels", ReadOptions=dict)
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    config = write('[describe]\ndata = "a.csv"\ntarget-col = ["net sales", "y"]\nid_col = "the shop"\nskip-rows = 2\n')
    run("--config", config, "describe")
    (source, given, _), _ = calls[0]
    assert (source, len(calls)) == ("a.csv", 1)
    assert given["target_cols"] == ("net sales", "y")
    assert (given["id_cols"], given["skip_rows"]) == (("the shop",), 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nhorizont = 3", "'fit.horizont' is not known; did you mean 'horizon'?"),
        ("[fti]\nhorizon = 3", "'fti' is not known; did you mean 'fit'?"),
        ("horizon = 3", "'horizon' is not known; choose from describe, fit, predict, models"),
        ("[models.lst]", "'models.lst' is not known; did you mean 'list'?"),
        ("fit = 3", "'fit' is a command; write a table [fit]"),
        ("[fit]\nhorizon = 3.5", "'fit.horizon' is 3.5: '3.5' is not a valid int"),
        ("[fit]\nhorizon = true", "'fit.horizon' is True: 'True' is not a valid int"),
        ("[fit]\nmodel = 'grü'", "'fit.model' is 'grü': 'grü' is not one of"),
        ("[fit]\nhorizon = [3]", "'fit.horizon' is [3]: takes one value"),
        ("[fit]\nhorizon = {a = 3}", "'fit.horizon' is {'a': 3}: takes one value"),
        ("[predict]\nlevel = ['x']", "'predict.level' is ['x']: 'x' is not a valid float"),
        ("[fit\n", "is not TOML"),
    ],
)
def test_refused_with_the_place(run, listed, text, message):
    result = run("--config", write(text), "models", "list")
    assert result.exit_code == 78
    assert result.stderr.startswith("Error: config.toml: ")
    assert message in result.stderr
    assert listed() == []


def test_not_utf8(run):
    with open(write(""), "wb") as file:
        file.write(b"\xff\xfe")
    assert run("--config", "config.toml", "models", "list").exit_code == 78


def test_missing_file(run):
    result = run("--config", "none.toml", "models", "list")
    assert result.exit_code == 66
    assert result.stderr == "Error: none.toml: cannot be read: No such file or directory\n"


def test_defaults_of_the_file_show_in_the_help(run):
    assert "[default: 31]" in run("--config", write("[fit]\nseed = 31"), "fit", "--help").stdout
