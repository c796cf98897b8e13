"""gate.json and forecasts.json: what retrainings remember."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from tsforecast.errors import ModelError
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    ForecastFile,
    GateState,
    OpenBreach,
    Seen,
    file_hash,
    file_key,
    read_forecast_files,
    read_gate_state,
    write_forecast_files,
    write_gate_state,
)

NOW = datetime(2026, 2, 1, 3, 17, 0, 250, tzinfo=UTC)
SEEN = Seen("D", 1200, (("Köln", "7"), ("a\nb", "")), (20_380, -3), 0.5)
STATE = GateState(SEEN, 3, (OpenBreach("max_shift", NOW, 4, 20_381),))
FILE = ForecastFile("/srv/next.csv", "ab", 3, "2026-01-31T00:00:00", NOW, "cd")


@pytest.mark.parametrize("state", [STATE, GateState(), GateState(Seen("D", None, (), ()), None, ())])
def test_the_gate_round_trip(tmp_path, state):
    assert read_gate_state(StoredModel(tmp_path / "shop")) == GateState()
    write_gate_state(StoredModel(tmp_path / "shop"), state)
    assert read_gate_state(StoredModel(tmp_path / "shop")) == state
    assert os.listdir(tmp_path / "shop") == ["gate.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 0}, "'version' is 0"),
        ({"seen": {"ids": []}}, "has no key"),
        ({"breaches": [{"limit": 1, "since": "x", "runs": 1, "first_end": 1}]}, "limit' is 1"),
        ({"more": 1}, "unknown key 'more'"),
    ],
)
def test_damage_of_the_gate_is_named(tmp_path, change, message):
    write_gate_state(StoredModel(tmp_path), STATE)
    path = tmp_path / "gate.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError) as caught:
        read_gate_state(StoredModel(tmp_path))
    assert message in caught.value.message


@pytest.mark.parametrize("change", [{"ids": [["a"]]}, {"ids": [[1], ["b"]]}, {"ends": [1, True]}, {"ends": [1.5, 2]}])
def test_what_was_seen_has_to_fit_together(tmp_path, change):
    write_gate_state(StoredModel(tmp_path), STATE)
    path = tmp_path / "gate.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"seen": document["seen"] | change}))
    with pytest.raises(ModelError, match=next(iter(change)) if "ids" not in change else "ids|ends"):
        read_gate_state(StoredModel(tmp_path))


def test_the_files_round_trip(tmp_path):
    assert read_forecast_files(StoredModel(tmp_path / "shop")) == ()
    write_forecast_files(StoredModel(tmp_path / "shop"), (FILE,) * 2)
    assert read_forecast_files(StoredModel(tmp_path / "shop")) == (FILE,) * 2
    many = tuple(ForecastFile(f"/{number}", "ab", 1, "", NOW, "cd") for number in range(70))
    write_forecast_files(StoredModel(tmp_path / "shop"), many)
    assert read_forecast_files(StoredModel(tmp_path / "shop")) == many[20:]


def test_a_file_has_one_name(tmp_path, monkeypatch):
    path = tmp_path / "next.csv"
    path.write_text("x")
    (tmp_path / "link.csv").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    assert {file_key(name) for name in (path, "next.csv", "./../" + tmp_path.name + "/next.csv", "link.csv")} == {
        str(path.resolve())
    }
    assert file_key(os.fsdecode(b"/srv/\xff.csv")) == "/srv/\\xff.csv"


def test_the_hash_of_a_file(tmp_path):
    assert file_hash(tmp_path / "none") is None
    path = tmp_path / "next.csv"
    path.write_bytes(b"abc")
    assert file_hash(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
