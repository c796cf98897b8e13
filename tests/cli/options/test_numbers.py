"""Numbers that are none: refused by every numeric option of every command, wherever they are given."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tsforecast.cli import main
from tsforecast.cli.options.types import DURATION, LEVEL, Number

NOT_FINITE = ["nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e999"]
_NUMERIC = (click.types.IntParamType, click.types.FloatParamType, type(DURATION))


def commands(group: click.Group, *path: str) -> list[tuple[tuple[str, ...], click.Command]]:
    with click.Context(group) as ctx:
        found = []
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            inside = isinstance(command, click.Group)
            found += commands(command, *path, name) if inside else [((*path, name), command)]
    return found


def is_numeric(param: click.Parameter) -> bool:
    kind = getattr(param.type, "kind", param.type)  # a limit holds the type of its number
    return isinstance(kind, _NUMERIC) and not getattr(param, "count", False)


OPTIONS = [
    (path, max(param.opts, key=len), param)
    for path, command in commands(main)
    for param in command.params
    if isinstance(param, click.Option) and is_numeric(param)
]


def test_the_numeric_options_are_found():
    found = {(path[0], name) for path, name, _ in OPTIONS}
    wanted = {("retrain", "--tolerance"), ("retrain", "--max-shift"), ("retrain", "--max-age"), ("retrain", "--wait")}
    assert wanted | {("fit", "--dropout"), ("fit", "--horizon"), ("predict", "--level")} <= found
    assert len(OPTIONS) > 50


@pytest.mark.parametrize(
    ("path", "name", "param"), OPTIONS, ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_no_option_takes_what_is_not_finite(path, name, param):
    for text in NOT_FINITE:
        with pytest.raises(click.BadParameter):
            param.type.convert(text, param, None)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("retrain", "tolerance"), ("retrain", "max-shift"), ("retrain", "max-missing"), ("retrain", "max-age"),
        ("retrain", "deadline"), ("retrain", "level"), ("fit", "dropout"), ("fit", "time-limit"), ("predict", "level"),
        ("predict", "max-age"), ("status", "max-age"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_typed_in_a_variable_or_in_a_file(run, command, key, value):
    data = [] if command == "status" else ["data.csv"]
    variable = f"TSFORECAST_{command}_{key}".replace("-", "_").upper()
    words = {
        "typed": run(command, *data, f"--{key}", value),
        # An option that may be repeated has a variable of its own name.
        "variable": run(command, *data, **{variable: value, f"{variable}S": value}),
    }
    Path("c.toml").write_text(f"[{command}]\n{key} = {[value] if key == 'level' else value}\n", encoding="utf-8")
    for where, result in words.items():
        assert (where, result.exit_code) == (where, 2)
        assert f"'{value}' is not a" in " ".join(result.stderr.split())
    result = run("--config", "c.toml", command, *data)
    assert result.exit_code == 78
    assert f"'{command}.{key}' is" in result.stderr and "is not a" in result.stderr


def test_numbers_and_their_range():
    assert Number().convert("1e-3", None, None) == 0.001
    assert Number(min=0).convert("0", None, None) == 0.0
    for text in ("-0.1", "x", ""):
        with pytest.raises(click.BadParameter):
            Number(min=0).convert(text, None, None)


@pytest.mark.parametrize("text", ["1", "50", "80", "99.5", "99.9999"])
def test_levels(text):
    assert LEVEL.convert(text, None, None) == float(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.8", "did you mean 80?"),
        ("0.995", "did you mean 99.5?"),
        ("99.99999999999999", "give 99.9999 at most"),
        ("99.99999", "give 99.9999 at most"),
        ("100", "from 1 to 99.9999"),
        ("0", "from 1 to 99.9999"),
        ("-80", "from 1 to 99.9999"),
        ("nan", "not a finite number"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "retrain"])
def test_levels_that_are_none(run, command, text, said):
    result = run(command, "data.csv", "--level", text)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
