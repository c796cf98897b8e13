"""`schedule`: the line and the units, and what they are refused for."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from tsforecast.cli import COMMANDS
from tsforecast.cli.options.shared import output_options, store_option

CONFIG = """
[retrain]
data = "sales.csv"
store = "models"
log-file = "logs/runs.jsonl"
predict-to = "out/next.csv"
metrics-file = "-"
"""


@click.command("retrain")
@click.argument("data", type=click.Path())
@store_option
@click.option("--log-file", type=click.Path())
@click.option("--predict-to", type=click.Path())
@click.option("--metrics-file", type=click.Path())
@click.option("--ledger", is_flag=True)
@output_options
def retrain(**values):
    """Stands in for the command."""


@pytest.fixture(autouse=True)
def place(run, tmp_path, monkeypatch, play):
    """A folder with a configuration file, and a program to call."""
    monkeypatch.setitem(COMMANDS, "retrain", "Stands in for the command.")
    play("cli.commands.retrain", command=retrain)
    program = tmp_path / "bin" / "tsforecast"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    for folder in ("models", "logs", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shop.toml").write_text(CONFIG)
    return tmp_path


def fields(line):
    """The time and the command of a crontab line, read as cron and the shell do."""
    *time, command = line.split(maxsplit=5)
    assert "%" not in command.replace("\\%", "")
    return " ".join(time), shlex.split(command.replace("\\%", "%"))


def test_a_line_for_cron(run, place):
    result = run("schedule", "shop.toml")
    assert result.exit_code == 0, result.output
    time, words = fields(result.stdout.removesuffix("\n"))
    assert time == "17 3 * * *"
    assert words == [str(place / "bin" / "tsforecast"), "retrain", "--config", str(place / "shop.toml"), "--quiet"]
    assert len([line for line in result.stderr.splitlines() if line.startswith("runs ")]) == 3


@pytest.mark.parametrize(
    ("options", "time"),
    [
        ("--every hour", "17 * * * *"),
        ("--every hour --at :45", "45 * * * *"),
        ("--at 23:05", "5 23 * * *"),
        ("--every week", "17 3 * * 1"),
        ("--every week --on sun --at 0:00", "0 0 * * 0"),
        ("--every month --on 28", "17 3 28 * *"),
    ],
)
def test_times(run, options, time):
    assert fields(run("schedule", "shop.toml", *options.split()).stdout.strip())[0] == time


@pytest.mark.parametrize("name", ["100% new shops.toml", "it's $HOME.toml", 'a "b" \\c.toml'])
def test_names_that_need_quotes(run, place, name):
    shutil.copy("shop.toml", name)
    line = run("schedule", name).stdout.strip()
    assert fields(line)[1][3] == str(place / name)
    # What the shell makes of what cron hands it.
    command = line.split(maxsplit=5)[5].replace("\\%", "%").replace(str(place / "bin" / "tsforecast"), "printf '%s\\n'")
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[2] == str(place / name)


def test_units(run, place):
    result = run("schedule", "shop.toml", "--format", "systemd", "--every", "week", "--on", "sat")
    assert result.exit_code == 0
    assert "# tsforecast-shop.service\n[Unit]" in result.stdout
    assert f"ExecStart={place}/bin/tsforecast retrain --config {place}/shop.toml --quiet\n" in result.stdout
    assert f"ReadWritePaths={place}/logs {place}/models {place}/out\n" in result.stdout
    assert "OnCalendar=Sat *-*-* 03:17:00\n" in result.stdout
    assert "systemctl enable --now tsforecast-shop.timer" in result.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["shop.toml", '100% "new" $HOME shop.toml'])
@pytest.mark.parametrize("every", ["hour", "day", "week", "month"])
def test_systemd_takes_the_units(run, place, name, every):
    if name != "shop.toml":
        shutil.copy("shop.toml", name)
    os.mkdir("units")
    result = run("schedule", name, "--format", "systemd", "--every", every, "--output-dir", "units")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    units = sorted(Path("units").iterdir())
    assert [unit.suffix for unit in units] == [".service", ".timer"]
    done = subprocess.run(["systemd-analyze", "verify", *map(str, units)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    (calendar,) = [line for line in units[1].read_text().splitlines() if line.startswith("OnCalendar=")]
    subprocess.run(["systemd-analyze", "calendar", calendar.partition("=")[2]], check=True, capture_output=True)


def test_as_json(run):
    document = json.loads(run("schedule", "shop.toml", "--json").stdout)
    assert document["format"] == "cron"
    assert fields(document["line"])[0] == "17 3 * * *"
    assert len(document["next"]) == 3
    units = json.loads(run("schedule", "shop.toml", "--json", "--format", "systemd").stdout)["units"]
    assert set(units) == {"tsforecast-shop.service", "tsforecast-shop.timer"}


SCORED = (
    CONFIG
    + """ledger = true

[score]
data = "sales.csv"
store = "models"
max-mase = 1.5
forecasts = "scored/all.csv"
"""
)


def test_a_table_of_scoring_makes_a_line_of_its_own(run, place):
    Path("shop.toml").write_text(SCORED)
    result = run("schedule", "shop.toml")
    retraining, scoring = (fields(line) for line in result.stdout.splitlines())
    assert retraining[1][1] == "retrain" and scoring[0] == "17 3 * * *"
    assert scoring[1] == [str(place / "bin" / "tsforecast"), "score", "--config", str(place / "shop.toml"), "--quiet"]
    assert f"Warning: {place}/scored does not exist yet" in result.stderr
    document = json.loads(run("schedule", "shop.toml", "--json").stdout)
    assert fields(document["score_line"]) == scoring
    units = json.loads(run("schedule", "shop.toml", "--json", "--format", "systemd").stdout)["units"]
    service = units["tsforecast-shop-score.service"]
    assert len(units) == 4 and "SuccessExitStatus=66\n" in service
    assert f"ReadWritePaths={place}/models {place}/scored\n" in service
    Path("shop.toml").write_text(SCORED.replace("scored/all", "sales"))
    assert "would overwrite" in run("schedule", "shop.toml").stderr
    Path("shop.toml").write_text(SCORED.replace("max-mase", "max_mas"))
    assert run("schedule", "shop.toml").exit_code == 78


def test_a_ledger_that_nobody_scores_is_named(run):
    Path("shop.toml").write_text(CONFIG + "ledger = true\n")
    result = run("schedule", "shop.toml")
    assert result.stdout.count("\n") == 1 and "a table [score] with data, store and limits" in result.stderr


def test_quiet_is_the_line_alone(run):
    result = run("schedule", "shop.toml", "-q")
    assert (result.stdout.count("\n"), result.stderr) == (1, "")


def test_what_does_not_exist_yet_is_named(run, place):
    os.rmdir("models")
    lines = [line for line in run("schedule", "shop.toml").stderr.splitlines() if "exist yet" in line]
    assert lines == [f"Warning: {place}/{name} does not exist yet" for name in ("sales.csv", "models")]


def test_a_time_that_a_change_of_the_clock_skips(run, monkeypatch, freeze):
    freeze(datetime(2026, 1, 31, tzinfo=UTC))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        stderr = run("schedule", "shop.toml", "--at", "02:30").stderr
        assert stderr.count("when the clocks change: it may be left out or run twice that night") == 2
        assert "when the clocks change" not in run("schedule", "shop.toml").stderr
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fit]\nhorizon = 3", "has no table [retrain]"),
        ("[retrain]\nstore = 'm'", "[retrain] names no data"),
        ("[retrain]\ndata = '-'\nstore = 'm'", "[retrain] names no data"),
        ("[retrain]\ndata = 'a.csv'", "[retrain] names no store"),
        ("[retrain]\ndata = 'a.csv'\nstore = 'm'\n[score]\nstore = 'm'", "[score] names no data"),
        ("[retrain]\ndata = 'a.csv'\nstor = 'm'", "'retrain.stor' is not known; did you mean 'store'?"),
        ('[retrain]\ndata = "a.csv"\nstore = "a\\nb"', "holds a character that cannot be printed"),
    ],
)
def test_a_file_that_would_not_run(run, text, message):
    Path("bad.toml").write_text(text)
    result = run("schedule", "bad.toml")
    assert result.exit_code == 78
    assert message in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_not_there(run):
    assert run("schedule", "none.toml").exit_code == 66


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--at 24:00", "--at is '24:00'; with --every day write HH:MM"),
        ("--at :30", "--at is ':30'"),
        ("--every hour --at 03:30", "with --every hour write :MM"),
        ("--on mon", "it goes with --every week or month"),
        ("--every week --on 1", "a weekly run needs one of mon, tue"),
        ("--every month --on 31", "a day that every month has: 1-28"),
        ("--every month --on 0", "--on is '0'"),
        ("--output-dir .", "--output-dir is for --format systemd"),
    ],
)
def test_times_that_do_not_fit(run, options, message):
    result = run("schedule", "shop.toml", *options.split())
    assert result.exit_code == 2
    assert message in result.stderr


def test_started_as_a_module(run, place, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/x/tsforecast/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(place / "python3"))
    assert fields(run("schedule", "shop.toml").stdout)[1][:4] == [str(place / "python3"), "-m", "tsforecast", "retrain"]
