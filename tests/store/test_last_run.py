"""last_run.json."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tsforecast.errors import InputMissingError, ModelError
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    LastChecks,
    LastRun,
    names_of_runs,
    read_checked,
    read_last_run,
    write_checked,
    write_last_run,
)

RUN = LastRun(
    run_id="20260131T060000-1a2b",
    finished=datetime(2026, 1, 31, 6, 0, 0, 123456, tzinfo=UTC),
    status="promoted",
    exit_code=0,
    version=3,
    fingerprint="00ff",
    message="challenger 0.83 MASE, champion 0.91: promoted",
    champion_error=0.91,
    challenger_error=0.83,
    seconds=12.5,
)


def test_round_trip(tmp_path):
    write_last_run(StoredModel(tmp_path / "store" / "shop"), RUN)
    assert read_last_run(StoredModel(tmp_path / "store" / "shop")) == RUN
    assert os.listdir(tmp_path / "store" / "shop") == ["last_run.json"]
    none = replace(RUN, status="failed", exit_code=66, version=None, champion_error=None, challenger_error=None)
    write_last_run(StoredModel(tmp_path / "store" / "shop"), none)
    assert read_last_run(StoredModel(tmp_path / "store" / "shop")) == none


def test_nothing_there(tmp_path):
    assert read_last_run(StoredModel(tmp_path)) is None
    assert read_checked(StoredModel(tmp_path)) is None
    assert read_checked(StoredModel(tmp_path / "none")) is None


def test_other_zones_are_stored_in_utc(tmp_path):
    write_last_run(StoredModel(tmp_path), replace(RUN, finished=RUN.finished.astimezone(timezone(timedelta(hours=5)))))
    assert read_last_run(StoredModel(tmp_path)) == RUN


def test_a_long_message_and_an_error_without_a_number(tmp_path):
    write_last_run(StoredModel(tmp_path), replace(RUN, message="x" * 10**6, challenger_error=float("inf")))
    run = read_last_run(StoredModel(tmp_path))
    assert (len(run.message), run.challenger_error) == (2000, None)


def test_when_a_model_was_looked_after_survives_a_copy(tmp_path):
    checked = LastChecks(RUN.finished, RUN.finished - timedelta(days=1))
    write_checked(StoredModel(tmp_path / "shop"), checked)
    assert read_checked(StoredModel(tmp_path / "shop")) == checked
    shutil.copytree(tmp_path / "shop", tmp_path / "copy", copy_function=shutil.copyfile)
    assert read_checked(StoredModel(tmp_path / "copy")) == checked
    write_checked(StoredModel(tmp_path / "shop"), LastChecks(RUN.finished, None))
    assert read_checked(StoredModel(tmp_path / "shop")) == LastChecks(RUN.finished, None)


def test_a_store_of_before_tells_it_by_its_last_run(tmp_path):
    write_last_run(StoredModel(tmp_path), RUN)
    assert read_checked(StoredModel(tmp_path)) == LastChecks(RUN.finished, RUN.finished)
    write_last_run(StoredModel(tmp_path), replace(RUN, exit_code=65, status="failed"))
    assert read_checked(StoredModel(tmp_path)) == LastChecks(RUN.finished, None)


@pytest.mark.parametrize("content", [b"{", b"{}", b'{"ended": 1, "ended_well": null, "format_version": 1}'])
def test_a_damaged_moment(tmp_path, content):
    (tmp_path / "checked.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"checked\.json"):
        read_checked(StoredModel(tmp_path))


@pytest.mark.parametrize(("code", "succeeded"), [(0, True), (3, True), (4, False), (75, False), (143, False)])
def test_success(code, succeeded):
    assert replace(RUN, exit_code=code).succeeded is succeeded


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "good"}, "'status' is \"good\"; expected one of promoted, unchanged"),
        ({"exit_code": 256}, "'exit_code' is 256"),
        ({"exit_code": True}, "'exit_code' is true"),
        ({"version": 0}, "'version' is 0"),
        ({"finished": "yesterday"}, "'finished' is"),
        ({"run_id": "a\nb"}, "'run_id' is"),
        ({"seconds": None}, "'seconds' is null"),
        ({"champion_error": "x"}, "'champion_error' is"),
        ({"champion_error": -1}, "'champion_error' is -1"),
        ({"more": 1}, "unknown key 'more'"),
    ],
)
def test_damage_is_named(tmp_path, change, message):
    write_last_run(StoredModel(tmp_path), RUN)
    path = tmp_path / "last_run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError) as caught:
        read_last_run(StoredModel(tmp_path))
    assert message in caught.value.message
    assert caught.value.file == str(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"{}", b'{"a": 1, "a": 1}', b" " * 40_000])
def test_no_such_document(tmp_path, content):
    (tmp_path / "last_run.json").write_bytes(content)
    with pytest.raises(ModelError):
        read_last_run(StoredModel(tmp_path))


def test_not_a_plain_file(tmp_path):
    os.mkfifo(tmp_path / "last_run.json")
    with pytest.raises(ModelError, match="not a plain file"):
        read_last_run(StoredModel(tmp_path))
    with pytest.raises(InputMissingError):
        (tmp_path / "file").touch()
        read_last_run(StoredModel(tmp_path / "file"))


def test_names(tmp_path):
    for name in ("b", "a", ".hidden"):
        write_last_run(StoredModel(tmp_path / name), RUN)
    (tmp_path / "c").mkdir()
    assert names_of_runs(tmp_path) == ["a", "b"]
    assert names_of_runs(tmp_path / "none") == []
