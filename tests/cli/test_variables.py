"""Every option of every command is set by its variable, and a variable that belongs to none is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import click
import pytest
from click.core import ParameterSource

from tsforecast.cli import main


def tree(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Context, click.Option]]:
    """All options of a command and of those below it, but for --version, which prints and ends."""
    for param in command.params:
        if isinstance(param, click.Option) and not (ctx.parent is None and "--version" in param.opts):
            yield ctx, param
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            below = command.get_command(ctx, name)
            assert below is not None
            yield from tree(below, click.Context(below, ctx, name))


ROOT = click.Context(main, info_name="tsforecast", **main.context_settings)
OPTIONS = list(tree(main, ROOT))
NAMES = [f"{ctx.command_path} {max(param.opts, key=len)}" for ctx, param in OPTIONS]


def variable(name: str) -> str:
    return name.replace(" --", "_").replace(" ", "_").replace("-", "_").upper()


def some_value(param: click.Option) -> str:
    """A text that the option takes, other than its default."""
    if param.is_flag:
        return "0" if param.default is True else "1"
    if isinstance(param.type, click.Choice):
        return str(next(choice for choice in param.type.choices if choice != param.default))
    return "7"


@pytest.mark.parametrize(("ctx", "param", "name"), [(*o, n) for o, n in zip(OPTIONS, NAMES, strict=True)], ids=NAMES)
def test_every_option_of_every_command(ctx, param, name, monkeypatch):
    for shared in ("TSFORECAST_STORE", "TSFORECAST_TRUST_STORE"):
        monkeypatch.delenv(shared, raising=False)
    monkeypatch.setenv(variable(name), some_value(param))
    value, source = param.consume_value(ctx, {})
    assert source is ParameterSource.ENVIRONMENT
    typed = [some_value(param)] if param.multiple else some_value(param)
    assert param.type_cast_value(ctx, value) == param.type_cast_value(ctx, typed) != param.get_default(ctx)


def test_there_are_many_of_them():
    assert len(OPTIONS) > 200


def test_the_variable_of_a_command_wins_over_that_of_all(run, play, record, calls):
    play("store.store", Store=record(SimpleNamespace(overview=list)))
    run("models", "list", TSFORECAST_STORE="all", TSFORECAST_MODELS_LIST_STORE="one")
    assert calls[0][0] == ("one", False)


def test_what_is_eager(run, play, record):
    play("store.store", Store=record(SimpleNamespace(overview=list)))
    assert json.loads(run("models", "list", TSFORECAST_MODELS_LIST_JSON="1").stdout) == {"models": []}
    assert run("models", "list", TSFORECAST_MODELS_LIST_QUIET="1").output == ""
    assert run("models", "list", TSFORECAST_QUIET="true").output == ""


def test_several_values(run, play, record, calls):
    play("workflows.describe", describe=record(KeyboardInterrupt()))
    run("describe", "a.csv", TSFORECAST_DESCRIBE_TARGET_COL="""sales "net price" 'y'""")
    assert calls[0][0][1].target_cols == ("sales", "net price", "y")
    result = run("describe", "a.csv", TSFORECAST_DESCRIBE_TARGET_COL="don't")
    assert (result.exit_code, len(calls)) == (2, 1)
    assert "No closing quotation" in result.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("TSFORECAST_FIT_HORIZN", "TSFORECAST_FIT_HORIZON"),
        ("TSFORECAST_FTI_HORIZON", "TSFORECAST_FIT_HORIZON"),
        ("TSFORECAST_FIT_TARGET_COLS", "TSFORECAST_FIT_TARGET_COL"),
        ("TSFORECAST_STOR", "TSFORECAST_STORE"),
        ("TSFORECAST_MODELS_LST_STORE", "TSFORECAST_MODELS_LIST_STORE"),
    ],
)
def test_a_mistyped_one_names_the_closest(run, typed, meant):
    for words in (["models", "list"], ["status"]):
        result = run(*words, **{typed: "24"})
        assert result.exit_code == 78
        assert result.stderr == f"Error: the variable {typed} belongs to no option; did you mean '{meant}'?\n"
    assert json.loads(run("status", "--json", **{typed: "24"}).stdout)["error"]["code"] == 78


def test_a_bad_value_names_its_variable(run):
    said = "Error: Invalid value for '--horizon': 'x' is not a valid integer"
    assert run("fit", "a.csv", TSFORECAST_FIT_HORIZON="x").stderr == (
        f"{said} (from the variable TSFORECAST_FIT_HORIZON); see tsforecast fit -h\n"
    )
    assert run("fit", "a.csv", "--horizon", "x").stderr == f"{said}; see tsforecast fit -h\n"


def test_one_like_no_other(run):
    name = "TSFORECAST_" + 40 * "Ä"
    assert f"{name} belongs to no option; unset it" in run("status", **{name: "1"}).stderr


def test_help_is_shown_all_the_same(run):
    assert run("fit", "--help", TSFORECAST_FIT_HORIZN="24").exit_code == 0


def test_what_is_set_beside_a_service_of_this_name(run, play, record):
    play("store.store", Store=record(SimpleNamespace(overview=list)))
    beside = {
        "TSFORECAST_SERVICE_HOST": "10.0.0.1",
        "TSFORECAST_API_SERVICE_PORT_HTTP": "80",
        "TSFORECAST_PORT": "tcp://10.0.0.1:80",
        "TSFORECAST_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert run("models", "list", TSFORECAST_VERSION="1.2", TSFORECAST_FIT_HORIZN="", **beside).exit_code == 0
