"""`models list` and `models show`."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from types import SimpleNamespace

from tsforecast.store.results import VersionInfo

SALES = VersionInfo("sales", 3, (1, 2, 3), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "gru", 48, "h", 0.213)
BROKEN = VersionInfo("broken", None, (1,), problem="CURRENT is missing")
DETAILS = {
    "name": "sales",
    "version": 3,
    "details": {
        "time_zone": None,
        "columns": ["a", "b"],
        "metrics": {
            "seconds": 12.3456,
            "notes": [{"kind": "info", "text": "hourly"}],
            "choices": [{"name": "lookback", "value": "336", "reason": "two weeks"}],
            "scores": {"drift": {"mae": 2.5}, "gru": {"mae": 1.25}},
            "gradient_flow": {"steps": 14, "text": "half of the gradient lies within the last 3 of 14 steps"},
        },
    },
    "journal": [
        {"time": "2026-01-01T00:00:00.000+00:00", "event": "published", "version": 3, "from": None, "user": "ops"},
        {"time": "2026-01-02T00:00:00.000+00:00", "event": "rolled-back", "version": 2, "from": 3},
    ],
}


def test_list_in_a_pipe(run, play, record, calls):
    play("store.store", Store=record(SimpleNamespace(overview=lambda: [SALES, BROKEN])))
    result = run("models", "list", "--store", "s")
    assert calls == [(("s", False), {})]
    assert result.stdout.splitlines() == [
        "name\tcurrent\tversions\tmodel\thorizon\tfrequency\tskill\tpublished (UTC)\tproblem",
        "sales\t3\t3\tgru\t48\th\t+21.3%\t2026-01-02 03:04\t",
        "broken\t\t1\t\t\t\t-\t-\tCURRENT is missing",
    ]


def test_list_without_problems_has_no_column_for_them(run, play, record):
    play("store.store", Store=record(SimpleNamespace(overview=lambda: [SALES])))
    assert run("models", "list").stdout.splitlines()[0].endswith("published (UTC)")


def test_list_as_json(run, play, record):
    play("store.store", Store=record(SimpleNamespace(overview=lambda: [SALES, BROKEN])))
    models = json.loads(run("models", "list", "--json").stdout)["models"]
    assert models[0]["published"] == "2026-01-02T03:04:05+00:00"
    assert models[0]["versions"] == [1, 2, 3]
    assert models[1]["current"] is None


def test_list_of_nothing(run):
    result = run("models", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "no models in ./models; fit one first: tsforecast fit DATA\n"
    assert json.loads(run("models", "list", "--json").stdout) == {"models": []}


def shown(record):
    """A model that `models show` describes."""
    return SimpleNamespace(describe=record(SimpleNamespace(to_dict=lambda: deepcopy(DETAILS))))


def test_show_without_details_has_what_a_person_wants(run, play, record):
    play("store.store", Store=record(SimpleNamespace(find=record(shown(record)))))
    lines = run("models", "show").stdout.splitlines()
    assert lines[1:3] == ["name\tsales", "version\t3"]
    assert "learns from\thalf of the gradient lies within the last 3 of 14 steps" in lines
    assert not any(line.startswith("metrics.") for line in lines)
    assert "choice\tvalue\twhy" in lines
    assert not any("rolled-back" in line for line in lines)


def test_show_in_detail(run, play, record, calls):
    play("store.store", Store=record(SimpleNamespace(find=record(shown(record)))))
    result = run("models", "show", "sales", "--version", "3", "-v")
    assert calls == [(("./models", False), {}), (("sales",), {}), ((3,), {})]
    assert result.stdout.splitlines() == [
        "property\tvalue",
        "name\tsales",
        "version\t3",
        "time_zone\t-",
        "columns\ta, b",
        "metrics.seconds\t12.35",
        "metrics.notes[0].kind\tinfo",
        "metrics.notes[0].text\thourly",
        "metrics.gradient_flow.steps\t14",
        "metrics.gradient_flow.text\thalf of the gradient lies within the last 3 of 14 steps",
        "",
        "choice\tvalue\twhy",
        "lookback\t336\ttwo weeks",
        "",
        "model\tMAE\tRMSE\tMASE\tsMAPE\tskill\tcov 80\tcov 95\tsec",
        "gru\t1.25\t-\t-\t-\t-\t-\t-\t-",
        "drift\t2.5\t-\t-\t-\t-\t-\t-\t-",
        "",
        "time (UTC)\tevent\tversion\tfrom\tuser",
        "2026-01-01T00:00:00.000+00:00\tpublished\t3\t-\tops",
        "2026-01-02T00:00:00.000+00:00\trolled-back\t2\t3\t-",
    ]


def test_show_as_json(run, play, record):
    play("store.store", Store=record(SimpleNamespace(find=record(shown(record)))))
    assert json.loads(run("models", "show", "--json").stdout) == DETAILS | {"ledger": None}


def test_show_what_is_not_there(run):
    result = run("models", "show", "sales")
    assert result.exit_code == 66
    assert result.stderr.startswith("Error: ")


def test_unknown_subcommand_names_the_closest(run):
    assert "no command 'lst'; did you mean 'list'?" in run("models", "lst").stderr


def test_show_what_covariates_brought(run, play, record):
    brought = [
        {"name": "temp", "role": "known ahead", "error": 0.5, "error_without": 1.0},
        {"name": "holidays", "role": "known ahead", "error": 0.5, "error_without": None},
    ]
    details = deepcopy(DETAILS)
    details["details"]["metrics"]["brought"] = brought
    model = SimpleNamespace(describe=record(SimpleNamespace(to_dict=lambda: deepcopy(details))))
    play("store.store", Store=record(SimpleNamespace(find=record(model))))
    lines = run("models", "show").stdout.splitlines()
    begin = lines.index("name\twhat it is\twithout\tbrings")
    assert lines[begin + 1 : begin + 3] == ["temp\tknown ahead\t1\t+50.0%", "holidays\tknown ahead\t-\t-"]
