"""The ledger: what is noted is read back, once and whole; what is damaged, foreign or in use is said."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tsforecast.errors import BusyError, InputMissingError, ModelError, StorageError, TrustError
from tsforecast.forecast import Forecast
from tsforecast.store.layout import LEDGER, LEDGER_JOURNAL
from tsforecast.store.ledger import database
from tsforecast.store.ledger.actuals import Actuals, keep_actuals, read_actuals
from tsforecast.store.ledger.runs import NEVER, Run, append_run, check_ledger, count_runs, newest_runs, read_runs

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
IDS = (("a", 'ä, "b"'), ("b", "\n"))


def make_run(number: int = 1, **changes: object) -> Run:
    random = np.random.default_rng(number)
    y_pred = random.normal(100, 10, (2, 3)).round(4)
    width = np.array([5.0, 1 / 3])
    made = Forecast(IDS, np.array([10, 12]), y_pred, (80.0, 95.5), y_pred[..., None] - width, y_pred[..., None] + width)
    run = Run(
        id=f"run {number}",
        layout="days",
        made=NOON + timedelta(days=number),
        model="gru",
        version=2,
        published=NOON,
        season=7,
        forecast=made,
        learned=np.array([10, NEVER]),
        scale=np.array([2.5, np.nan]),
        cutoffs=("2026-01-10", "2026-01-12"),
        times={10: ["11.", "12.", "13."], 12: ["13.", "14.", "15."]},
    )
    return replace(run, **changes)


def test_the_newest_runs_that_are_few_enough(tmp_path):
    """Each of them has forecasts of two series."""
    model = tmp_path / "sales"
    model.mkdir()
    for number in range(1, 6):
        append_run(model, make_run(number))
    assert newest_runs(model, "days", 4) == (4, 3) and newest_runs(model, "days", 5) == (4, 3)
    assert newest_runs(model, "days", 1) == (5, 4) and newest_runs(model, "days", 10) == (1, 0)
    assert newest_runs(model, "weeks", 10) == (0, 0)
    assert [run.id for run in read_runs(model, "days", begin=4)] == ["run 4", "run 5"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "sales"
    folder.mkdir()
    return folder


def test_a_run_is_read_as_it_was_written(model: Path) -> None:
    written = make_run()
    assert append_run(model, written)
    (run,) = read_runs(model, "days")
    for name in ("id", "layout", "made", "model", "version", "published", "season", "cutoffs"):
        assert getattr(run, name) == getattr(written, name)
    assert (run.forecast.ids, run.forecast.levels) == (IDS, (80.0, 95.5))
    for name in ("starts", "y_pred", "lower", "upper"):
        np.testing.assert_array_equal(getattr(run.forecast, name), getattr(written.forecast, name))
    np.testing.assert_array_equal(run.learned, written.learned)
    np.testing.assert_array_equal(run.scale, written.scale)


def test_intervals_may_be_missing(model: Path) -> None:
    made = make_run().forecast
    none = np.empty((2, 3, 0))
    append_run(model, make_run(forecast=replace(made, levels=(), lower=none, upper=none)))
    assert read_runs(model, "days")[0].forecast.lower.shape == (2, 3, 0)


def test_a_run_is_stored_once(model: Path) -> None:
    assert [append_run(model, make_run(number)) for number in (1, 2, 1, 2)] == [True, True, False, False]
    assert [run.id for run in read_runs(model, "days")] == ["run 1", "run 2"]


def test_any_name_of_a_folder_will_do(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"a?b#c%20 \xff")
    folder.mkdir()
    append_run(folder, make_run())
    assert os.listdir(folder) == [LEDGER] and len(read_runs(folder, "days")) == 1


def test_runs_of_another_layout_or_of_old_times_are_left_out(model: Path) -> None:
    append_run(model, make_run(1))
    append_run(model, make_run(2, layout="weeks"))
    append_run(model, make_run(3))
    assert count_runs(model, "days") == (2, 1)
    assert [run.number for run in read_runs(model, "days")] == [1, 3]
    assert len(read_runs(model, "days", since=14)) == 2
    assert read_runs(model, "days", since=15) == []


def test_what_fails_leaves_no_trace(model: Path) -> None:
    append_run(model, make_run(1))
    with pytest.raises(RuntimeError), database.writing_ledger(model, trusted=False) as connection:
        connection.execute("DELETE FROM run")
        raise RuntimeError
    assert len(read_runs(model, "days")) == 1
    assert os.listdir(model) == [LEDGER]


def test_nothing_was_noted(model: Path) -> None:
    with pytest.raises(
        InputMissingError, match=r"no forecast of model 'sales' has been noted; .*--name sales --ledger"
    ):
        read_runs(model, "days")
    (model / LEDGER).touch()  # the first run was killed
    with pytest.raises(InputMissingError, match="no forecast"):
        read_runs(model, "days")
    append_run(model, make_run())
    assert len(read_runs(model, "days")) == 1


def spoil(model: Path, statement: str) -> None:
    with sqlite3.connect(model / LEDGER) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE forecast SET y_pred = replace(y_pred, '1', '2') WHERE series = 1",
        "UPDATE forecast SET scale = 2.6 WHERE series = 1",
        "UPDATE run SET made = '2026-01-02T12:00:01+00:00'",
        "UPDATE times SET texts = '[]' WHERE start = 10",
        "DELETE FROM forecast WHERE series = 2",
    ],
)
def test_a_run_that_is_not_what_was_written_is_refused(model: Path, statement: str) -> None:
    append_run(model, make_run())
    check_ledger(model)
    spoil(model, statement)
    for read in (lambda: read_runs(model, "days"), lambda: check_ledger(model)):
        with pytest.raises(ModelError, match=r"is damaged: run 1, made 2026-01-02T.*is not what was written; move it"):
            read()


def test_what_is_no_ledger_is_refused(model: Path) -> None:
    (model / LEDGER).write_bytes(b"no database " * 1000)
    with pytest.raises(ModelError, match="is damaged: file is not a database"):
        append_run(model, make_run())
    (model / LEDGER).unlink()
    spoil(model, "CREATE TABLE other (x)")
    with pytest.raises(ModelError, match="is no ledger of tsforecast"):
        append_run(model, make_run())


def test_triggers_of_others_are_not_carried_out(model: Path) -> None:
    append_run(model, make_run(1))
    spoil(model, "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM forecast; END")
    with pytest.raises(ModelError, match="is no ledger of tsforecast"):
        append_run(model, make_run(2))


def test_a_ledger_of_a_newer_release_says_so(model: Path) -> None:
    append_run(model, make_run())
    spoil(model, "PRAGMA user_version=2")
    with pytest.raises(ModelError, match="has format 2, this release reads 1; install a newer"):
        read_runs(model, "days")


def test_torn_pages_are_found(model: Path) -> None:
    append_run(model, make_run())
    whole = (model / LEDGER).read_bytes()
    (model / LEDGER).write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(ModelError, match="is damaged"):
        check_ledger(model)


@pytest.mark.parametrize("name", [LEDGER, LEDGER_JOURNAL])
def test_a_file_that_others_can_change_is_not_trusted(model: Path, name: str) -> None:
    append_run(model, make_run(1))
    (model / name).touch()
    (model / name).chmod(0o666)
    with pytest.raises(TrustError, match="can be changed by every user"):
        append_run(model, make_run(2))
    if name == LEDGER:
        assert append_run(model, make_run(2), trusted=True)


def test_a_link_is_no_ledger(model: Path, tmp_path: Path) -> None:
    (model / LEDGER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is a link"):
        append_run(model, make_run())
    assert not (tmp_path / "elsewhere").exists()


def test_who_waits_too_long_says_that_it_is_in_use(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 0)
    append_run(model, make_run(1))
    with database.writing_ledger(model, trusted=False):
        with pytest.raises(BusyError, match="is in use by another run; try again"):
            append_run(model, make_run(2))
        assert len(read_runs(model, "days")) == 1  # readers see what was there before
    with database.reading_ledger(model, trusted=False), pytest.raises(BusyError):
        append_run(model, make_run(2))
    append_run(model, make_run(2))


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (sqlite3.SQLITE_FULL, StorageError, "cannot be used: why; free some space"),
        (sqlite3.SQLITE_IOERR | 3 << 8, StorageError, "check the disk"),
        (sqlite3.SQLITE_READONLY, StorageError, "rights of the file"),
        (sqlite3.SQLITE_BUSY | 1 << 8, BusyError, "is in use"),
        (sqlite3.SQLITE_CORRUPT, ModelError, "is damaged: why"),
        (sqlite3.SQLITE_NOMEM, MemoryError, None),
    ],
)
def test_what_sqlite_reports_ends_with_the_right_status(model: Path, code: int, kind: type, said: str | None) -> None:
    error = sqlite3.OperationalError("why")
    error.sqlite_errorcode = code
    with pytest.raises(kind, match=said), database.writing_ledger(model, trusted=False):
        raise error


def actuals(*values: float) -> Actuals:
    count = len(values)
    return Actuals(IDS, np.zeros(count, dtype=np.int64), np.arange(count), np.array(values))


def keep(model: Path, seen: Actuals, day: int) -> tuple[int, int]:
    return keep_actuals(model, "days", seen, made=NOON + timedelta(days=day), file="f.csv", data_hash="00")


def test_actuals_are_kept_with_their_revisions(model: Path) -> None:
    assert keep(model, actuals(1.0, 2.0, np.nan), 0) == (2, 0)
    assert keep(model, actuals(1.0, 2.0, np.nan), 1) == (0, 0)
    assert keep(model, actuals(1.0, 2.5, 3.0), 2) == (1, 1)
    assert keep(model, actuals(np.nan), 3) == (0, 1)  # withdrawn; nothing is said of the others
    for day, known in enumerate(([1.0, 2.0], [1.0, 2.0], [1.0, 2.5, 3.0], [np.nan, 2.5, 3.0])):
        found = read_actuals(model, "days", until=NOON + timedelta(days=day))
        np.testing.assert_array_equal(found.values[np.argsort(found.ordinals)], known)
        assert found.ids == IDS[:1] and set(found.series) == {0}
    assert len(read_actuals(model, "days", until=NOON - timedelta(days=1)).values) == 0
    assert len(read_actuals(model, "weeks").values) == 0
