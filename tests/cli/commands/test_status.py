"""`status`: a table, JSON, silence, and the exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.store.conftest import build
from tests.store.test_last_run import RUN
from tests.test_imports import HEAVY, WATCHED, start
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import write_last_run
from tsforecast.store.store import Store

NOW = datetime(2026, 3, 1, 6, tzinfo=UTC)
BEFORE = NOW - timedelta(seconds=90)


@pytest.fixture
def store(tmp_path, freeze):
    """A store with a model, which was published 90 seconds ago."""
    freeze(BEFORE)
    Store(tmp_path / "models").model("shop").publish(build("linear"))
    freeze(NOW)
    return tmp_path / "models"


def test_the_table_in_a_pipe(run, store):
    write_last_run(StoredModel(store / "shop"), RUN)
    result = run("status")
    header, row = (line.split("\t") for line in result.stdout.splitlines())
    shown = dict(zip(header, row, strict=True))
    assert (result.exit_code, result.stderr) == (0, "")
    assert (shown["name"], shown["version"], shown["last run"], shown["message"]) == (
        "shop",
        "1",
        "promoted",
        RUN.message,
    )
    assert shown["age"] == "1.5 min"


def test_as_json(run, store):
    Store(store).model("broken").publish(build("linear"))
    (store / "broken" / "CURRENT").write_text("x")
    write_last_run(StoredModel(store / "shop"), RUN)
    result = run("status", "--json")
    broken, shop = json.loads(result.stdout)["models"]
    assert result.exit_code == 65
    assert broken["problem"]["code"] == 65
    assert (shop["problem"], shop["version"], shop["last_run"]["run_id"]) == (None, 1, RUN.run_id)
    assert shop["last_run"]["finished"] == "2026-01-31T06:00:00.123456+00:00"
    assert "Error: " in result.stderr


def test_quiet_says_only_what_is_wrong(run, store):
    assert run("status", "-q", "--max-age", "1h").output == ""
    result = run("status", "-q", "--max-age", "0")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.startswith("Error: model 'shop' was last looked after ")
    assert result.stderr.count("\n") == 1


def test_one_model(run, store):
    Store(store).model("other").publish(build("linear"))
    assert len(run("status").stdout.splitlines()) == 3
    assert len(run("status", "other").stdout.splitlines()) == 2
    result = run("status", "oter")
    assert result.exit_code == 66
    assert "did you mean 'other'?" in result.stderr


def test_a_model_that_never_came_into_service(run, store):
    failed = replace(RUN, status="failed", exit_code=66, version=None, message="data.csv: does not exist")
    write_last_run(StoredModel(store / "new"), failed)
    result = run("status")
    assert result.exit_code == 66
    assert "new\t\t-\t" in result.stdout and "data.csv: does not exist" in result.stdout


def test_no_store(run):
    assert run("status").exit_code == 66


def test_nothing_heavy_is_imported(store, tmp_path):
    done = start("-c", WATCHED % (HEAVY,), "status", "--max-age", "36500d", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
