"""Helps that programs read."""

from __future__ import annotations

import json

import click
import pytest

from tsforecast.cli import COMMANDS, main
from tsforecast.cli.schema import commands_below, name_of, schema_of, words_of
from tsforecast.errors import OptionError

CONTEXT = click.Context(main)
ALL = list(commands_below(CONTEXT, main))


def test_the_program(run):
    found = json.loads(run("--help", "--json").stdout)
    assert found["command"] == "tsforecast" and list(found["commands"]) == sorted(COMMANDS)
    assert json.loads(run("models", "--json", "--help").stdout)["commands"]["list"].startswith("List the models")


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_every_command(path, command):
    found = schema_of(command.params)
    flags = {each["flag"] for each in found["properties"].values() if "flag" in each}
    own = [param for param in command.params if isinstance(param, click.Option)]
    assert len(found["properties"]) == len(command.params) and len(flags) == len(own)
    assert set(found["required"]) <= found["properties"].keys()
    json.dumps(found)  # nothing of Click is left in it


def test_one_command(run):
    found = json.loads(run("fit", "--help", "--json").stdout)
    options = found["arguments"]["properties"]
    assert found["command"] == "tsforecast fit" and found["arguments"]["required"] == ["data"]
    assert (options["horizon"]["type"], options["horizon"]["flag"]) == ("integer", "--horizon")
    assert options["target_col"]["type"] == "array" and "gru" in options["model"]["enum"]
    assert options["preset"]["default"] == "balanced" and options["no_header"]["type"] == "boolean"


def test_a_help_without_json_is_for_people(run):
    assert run("fit", "--help").stdout.startswith("Usage:")


PREDICT = main.get_command(CONTEXT, "predict").params
RETRAIN = main.get_command(CONTEXT, "retrain").params


@pytest.mark.parametrize(
    ("params", "given", "words"),
    [
        (PREDICT, {"data": "a.csv", "horizon": 3}, ["--horizon=3", "--", "a.csv"]),
        (PREDICT, {"level": [50, 80]}, ["--level=50", "--level=80"]),
        (PREDICT, {"ledger": True, "fallback": False, "name": None}, ["--ledger"]),
        (PREDICT, {"data": "--ledger", "name": "--ledger"}, ["--name=--ledger", "--", "--ledger"]),
        (RETRAIN, {"require_advance": False}, ["--no-require-advance"]),
    ],
)
def test_arguments_become_words(params, given, words):
    assert words_of(params, given) == words


def test_an_unknown_argument():
    with pytest.raises(OptionError, match="unknown argument 'horizn'; did you mean 'horizon'"):
        words_of(PREDICT, {"horizn": 3})
    assert all(name_of(param).isidentifier() for _, command in ALL for param in command.params)
