"""`retrain` from a table to a version in service: every way a run can end, and what it leaves behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest

from tests.store.bundle.older import downgrade
from tests.workflows.conftest import sales
from tsforecast import clock
from tsforecast.errors import BusyError, DataError, InputMissingError, ModelError, OptionError, StorageError, Terminated
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.store.bundle.formats import FORMAT_VERSION
from tsforecast.store.layout import RETRAIN_LOCK
from tsforecast.store.lock import hold
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import read_checked, read_last_run
from tsforecast.store.store import Store
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain import forecast_file
from tsforecast.workflows.retrain import run as retraining
from tsforecast.workflows.retrain.comparison import Outcome, Standings
from tsforecast.workflows.retrain.record import RetrainResult
from tsforecast.workflows.retrain.run import retrain
from tsforecast.workflows.retrain.settings import GateLimits, PromotionRules, RetrainSettings, RunTargets
from tsforecast.workflows.status import read_status

OPTIONS = FitOptions(model="linear", horizon=7)
# The tables are of 2023.
RULES = PromotionRules()
LIMITS = GateLimits(max_age=None)
Table = Callable[[int], Path]
Retrain = Callable[..., RetrainResult]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """`table(days)`: the same file with so many days of sales."""
    whole = sales(400)

    def write(days: int, **columns: Any) -> Path:
        path = tmp_path / "sales.csv"
        rows = whole[whole["date"] < str(pd.Timestamp("2023-01-01") + pd.Timedelta(days=days))[:10]]
        rows.assign(**columns).to_csv(path, index=False)
        return path

    return write


@pytest.fixture
def again(tmp_path: Path) -> Retrain:
    """`again(path, force=True)`: a retraining in a store of its own; keywords are settings."""

    def run(
        path: Path,
        *,
        options: FitOptions = OPTIONS,
        limits: GateLimits = LIMITS,
        rules: PromotionRules = RULES,
        **settings: Any,
    ) -> RetrainResult:
        targets = RunTargets(log_file=str(tmp_path / "log"), metrics_file=str(tmp_path / "sales.prom"))
        return retrain(
            path,
            options=options,
            store=tmp_path / "models",
            settings=RetrainSettings(**settings),
            limits=limits,
            rules=rules,
            targets=targets,
        )

    return run


def _model(tmp_path: Path) -> Path:
    return tmp_path / "models" / "sales"


def _contents(folder: Path) -> dict[str, bytes]:
    """All files but the one that says when the last run ended."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "checked.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _log(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def _loses(*args: Any, **kwargs: Any) -> Outcome:
    metrics = {"challenger": {"mase": 2.0}, "champion": {"mase": 1.0}}
    challenger: Any = None  # only one that wins is looked at
    return Outcome("rejected", "worse", challenger, Standings("mase", metrics, {}, None, 28))


def _never(*args: Any, **kwargs: Any) -> Outcome:
    raise AssertionError("nothing was to be trained")


def test_the_first_run_publishes_what_beats_the_naive(table, again, tmp_path):
    result = again(table(360))
    assert (result.status, result.exit_code, result.version, result.champion) == ("promoted", 0, 1, None)
    assert result.errors["challenger"] < result.errors["seasonal-naive"]
    assert StoredModel(_model(tmp_path)).in_service() == 1


def test_newer_data_bring_a_challenger_that_is_compared_and_published(table, again, tmp_path, monkeypatch):
    again(table(330))
    monkeypatch.setattr(retraining, "train_and_compare", _winning(retraining.train_and_compare))
    result = again(table(390))
    assert (result.status, result.version, result.champion) == ("promoted", 2, 1)
    assert set(result.errors) == {"challenger", "champion", "seasonal-naive"}
    facts = json.loads((_model(tmp_path) / "versions/000002/model.json").read_bytes())
    assert facts["provenance"]["fingerprint"] == result.fingerprint
    assert facts["provenance"]["champion"] == 1
    assert facts["provenance"]["last"].startswith("2024-01-25")


@pytest.mark.parametrize("warm", [False, True])
def test_a_champion_of_an_older_format_is_continued(table, again, tmp_path, monkeypatch, warm):
    small = {"preset": "fast", "units": 4, "epochs": 1, "lookback": 14, "normalisation": "last", "linear_skip": "off"}
    options = FitOptions(model="gru", horizon=7, **small) if warm else OPTIONS
    fit(table(330), options=options, store=tmp_path / "models")
    old = _model(tmp_path) / "versions" / "000001"
    expected = predict(store=tmp_path / "models").frame
    downgrade(old)
    pd.testing.assert_frame_equal(predict(store=tmp_path / "models").frame, expected, check_exact=True)
    before = _contents(old)
    monkeypatch.setattr(retraining, "train_and_compare", _winning(retraining.train_and_compare))
    rules = PromotionRules(beat_naive=False)  # one epoch does not beat it
    result = again(table(390), options=options, rules=rules, warm=warm)
    assert (result.status, result.version, result.champion) == ("promoted", 2, 1)
    assert _contents(old) == before
    new = Store(tmp_path / "models").find("sales").describe(2).details
    assert new["format_version"] == FORMAT_VERSION
    if warm:
        assert new["metrics"]["training_rows"].startswith("trained on from the version in service")
    assert [checked.error for checked in Store(tmp_path / "models").verify()] == [None, None]
    (status,) = read_status(Store(tmp_path / "models"))
    assert status.version == 2


def _winning(compare: Callable[..., Outcome], status: Literal["promoted", "stand-in"] = "promoted") -> Any:
    def won(*args: Any, **kwargs: Any) -> Outcome:
        return replace(compare(*args, **kwargs), status=status)

    return won


def test_a_challenger_that_loses_is_not_published(table, again, tmp_path, monkeypatch):
    again(table(330))
    before = _contents(_model(tmp_path) / "versions")
    monkeypatch.setattr(retraining, "train_and_compare", _loses)
    result = again(table(390), predict_to=str(tmp_path / "next.csv"))
    assert (result.status, result.exit_code, result.version) == ("rejected", 3, 1)
    assert _contents(_model(tmp_path) / "versions") == before
    # The champion continues the new rows.
    assert pd.read_csv(tmp_path / "next.csv")["date"].min() == "2024-01-26"


def test_a_simple_model_in_the_place_of_one_that_fails_is_spoken_of(table, again, tmp_path, monkeypatch):
    again(table(330))
    monkeypatch.setattr(retraining, "train_and_compare", _winning(retraining.train_and_compare, "stand-in"))
    result = again(table(390))
    assert (result.status, result.exit_code, result.version) == ("stand-in", 3, 2)
    (model,) = read_status(Store(tmp_path / "models"))
    assert model.stands_in and model.to_dict(clock.now())["stands_in"]
    assert again(table(390)).status == "unchanged"


def test_the_same_data_change_nothing_and_train_nothing(table, again, tmp_path, monkeypatch):
    path = table(360)
    first = again(path)
    before = _contents(_model(tmp_path))
    checked = read_checked(StoredModel(_model(tmp_path)))
    monkeypatch.setattr(retraining, "train_and_compare", _never)
    result = again(path)
    assert (result.status, result.exit_code, result.version) == ("unchanged", 0, 1)
    assert result.fingerprint == first.fingerprint
    assert _contents(_model(tmp_path)) == before
    assert read_checked(StoredModel(_model(tmp_path))).ended_well > checked.ended_well
    assert [line["status"] for line in _log(tmp_path)] == ["promoted", "unchanged"]


def test_a_forecast_that_could_not_be_written_is_made_up_for(table, again, tmp_path, monkeypatch):
    forecast = tmp_path / "next.csv"
    again(table(330), predict_to=str(forecast))
    path = table(390)
    monkeypatch.setattr(retraining, "train_and_compare", _winning(retraining.train_and_compare))
    with monkeypatch.context() as broken:
        broken.setattr(forecast_file, "write_forecast", _full)
        with pytest.raises(StorageError):
            again(path, predict_to=str(forecast))
    assert (_log(tmp_path)[-1]["exit"], _log(tmp_path)[-1]["version"]) == (74, 2)
    assert pd.read_csv(forecast)["date"].min() == "2023-11-27"
    result = again(path, predict_to=str(forecast))
    assert (result.status, result.forecast) == ("unchanged", str(forecast))
    assert pd.read_csv(forecast)["date"].min() == "2024-01-26"
    # What stands there now is that of the last run.
    monkeypatch.setattr(forecast_file, "write_forecast", _full)
    assert again(path, predict_to=str(forecast)).forecast == ""


def _full(*args: Any, **kwargs: Any) -> None:
    raise StorageError("cannot be written: No space left on device")


def test_ids_that_the_forecast_does_not_hold_as_they_are_are_spoken_of(table, tmp_path):
    told: list[Any] = []
    retrain(
        table(360, shop="=1+1"),
        options=OPTIONS,
        reading=ReadOptions(id_cols=("shop",), on_duplicate="first"),
        store=tmp_path / "models",
        limits=LIMITS,
        settings=RetrainSettings(predict_to=str(tmp_path / "next.csv")),
        report=told.append,
    )
    assert any("1 id begins like a formula" in getattr(event, "text", "") for event in told)


def test_a_champion_does_not_forecast_other_columns(table, again, tmp_path, monkeypatch):
    again(table(330))
    path = table(390)
    renamed = pd.read_csv(path, dtype=str).rename(columns={"sold": "returned"})
    renamed.to_csv(path, index=False)
    monkeypatch.setattr(retraining, "train_and_compare", _loses)
    with pytest.raises(DataError, match="there is no column 'sold'; the columns are shop, date, returned"):
        again(path, limits=replace(LIMITS, same_schema=False), predict_to=str(tmp_path / "next.csv"))


def test_after_a_rejection_the_same_data_are_not_tried_again(table, again, monkeypatch):
    again(table(330))
    path = table(390)
    monkeypatch.setattr(retraining, "train_and_compare", _loses)
    again(path)
    monkeypatch.setattr(retraining, "train_and_compare", _never)
    assert again(path).status == "unchanged"


def test_what_a_fit_has_published_is_not_trained_again(table, again, tmp_path, monkeypatch):
    path = table(360)
    again(path)
    (_model(tmp_path) / "last_run.json").unlink()
    monkeypatch.setattr(retraining, "train_and_compare", _never)
    assert "version 1 was trained on the same data" in again(path).message
    # From then on there is a record, which a second run finds.
    before = _contents(_model(tmp_path))
    again(path)
    assert _contents(_model(tmp_path)) == before


def test_another_option_alone_is_no_reason_to_train(table, again, monkeypatch):
    path = table(360)
    again(path)
    monkeypatch.setattr(retraining, "train_and_compare", _never)
    result = again(path, options=replace(OPTIONS, horizon=5))
    assert (result.status, result.message) == ("unchanged", "version 1 was trained on the same data")


def test_force_trains_on_the_same_data(table, again):
    path = table(360)
    again(path)
    result = again(path, force=True)
    assert (result.status, result.version) == ("promoted", 2)
    assert "champion" not in result.errors


def test_too_few_new_rows_are_waited_for(table, again, monkeypatch):
    again(table(360))
    path = table(361)
    result = again(path, options=replace(OPTIONS, horizon=28))
    assert (result.status, result.exit_code, result.version) == ("waiting", 0, 1)
    assert "1 of 7 new rows" in result.message


def test_data_outside_the_limits_leave_everything_as_it_was(table, again, tmp_path, monkeypatch):
    forecast = tmp_path / "next.csv"
    again(table(360), predict_to=str(forecast))
    before, stood = _contents(_model(tmp_path) / "versions"), forecast.read_bytes()
    monkeypatch.setattr(retraining, "train_and_compare", _never)
    result = again(table(120), predict_to=str(forecast))
    assert (result.status, result.exit_code, result.version) == ("gate", 4, 1)
    assert len(result.breaches) > 1
    assert all(text in result.message for text in result.breaches)
    assert _contents(_model(tmp_path) / "versions") == before
    assert forecast.read_bytes() == stood
    assert read_last_run(StoredModel(_model(tmp_path))).status == "gate"


def test_a_dry_run_decides_and_leaves_no_trace(table, again, tmp_path):
    again(table(330))
    before = _contents(tmp_path / "models")
    log = (tmp_path / "log").read_bytes()
    result = again(table(390), dry_run=True, predict_to=str(tmp_path / "next.csv"))
    assert result.status in ("promoted", "rejected")
    assert (result.version, result.forecast) == (1, "")
    assert _contents(tmp_path / "models") == before
    assert (tmp_path / "log").read_bytes() == log
    assert not (tmp_path / "next.csv").exists()


def test_a_second_run_is_told_who_holds_the_lock(table, again, tmp_path):
    path = table(360)
    again(path)
    last = read_last_run(StoredModel(_model(tmp_path)))
    with hold(_model(tmp_path) / RETRAIN_LOCK):
        with pytest.raises(BusyError, match=f"held by process {os.getpid()}"):
            again(path)
        result = again(path, if_locked="skip")
    assert (result.status, result.exit_code) == ("skipped", 0)
    assert [(line["status"], line["exit"]) for line in _log(tmp_path)][1:] == [("failed", 75), ("skipped", 0)]
    assert read_last_run(StoredModel(_model(tmp_path))) == last


def test_a_failure_is_recorded_and_the_champion_stays(table, again, tmp_path):
    path = table(360)
    again(path)
    success = _metric(tmp_path, "last_success_timestamp_seconds")
    path.write_text("shop,date,sold\n007,2023-01-01,abc\n")
    with pytest.raises(DataError):
        again(path)
    assert _log(tmp_path)[-1]["status"] == "failed"
    assert _log(tmp_path)[-1]["exit"] == 65
    assert read_last_run(StoredModel(_model(tmp_path))).exit_code == 65
    assert _metric(tmp_path, "last_run_exit_code") == 65
    assert _metric(tmp_path, "last_success_timestamp_seconds") == success
    assert StoredModel(_model(tmp_path)).in_service() == 1


def _metric(tmp_path: Path, name: str) -> float:
    lines = (tmp_path / "sales.prom").read_text().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"tsforecast_{name}{{"))


def test_an_interruption_is_recorded_with_its_exit_status(table, again, tmp_path, monkeypatch):
    def interrupted(*args: Any, **kwargs: Any) -> Outcome:
        raise KeyboardInterrupt

    monkeypatch.setattr(retraining, "train_and_compare", interrupted)
    with pytest.raises(KeyboardInterrupt):
        again(table(360))
    assert _log(tmp_path)[-1]["exit"] == 130


def test_what_broke_off_an_import_is_recorded_in_place_of_its_failure(table, tmp_path, monkeypatch):
    def broken(*args: Any, **kwargs: Any) -> Outcome:
        raise ImportError("half a module")

    monkeypatch.setattr(retraining, "train_and_compare", broken)
    log = tmp_path / "log"
    with pytest.raises(ImportError):
        retrain(
            table(360),
            options=OPTIONS,
            store=tmp_path / "models",
            targets=RunTargets(log_file=str(log)),
            reason=lambda error: Terminated(15),
        )
    assert (_log(tmp_path)[-1]["exit"], _log(tmp_path)[-1]["message"]) == (143, "ended by SIGTERM")


def test_a_log_that_cannot_be_written_does_not_hide_the_error(table, tmp_path):
    targets = RunTargets(log_file="/dev/full")
    with pytest.raises(InputMissingError):
        retrain(tmp_path / "nothing.csv", store=tmp_path / "models", targets=targets)
    with pytest.raises(StorageError):
        retrain(table(360), options=OPTIONS, store=tmp_path / "models", limits=LIMITS, targets=targets)


def test_a_damaged_champion_stops_the_run(table, again, tmp_path):
    again(table(330))
    weights = _model(tmp_path) / "versions/000001/weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"weights\.safetensors"):
        again(table(390))


def test_damaged_news_of_the_last_run_do_not_stop_the_next(table, again, tmp_path):
    again(table(330))
    (_model(tmp_path) / "last_run.json").write_text("{")
    assert again(table(390)).status in ("promoted", "rejected")
    assert read_last_run(StoredModel(_model(tmp_path))).status in ("promoted", "rejected")


def test_a_deadline_limits_the_training(table, again, monkeypatch):
    asked = []

    def ask(data, champion, training, rules):
        asked.append(training.options)

    monkeypatch.setattr(retraining, "train_and_compare", ask)
    with pytest.raises(AttributeError):
        again(table(360), deadline=100.0)
    assert asked[0].time_limit == 90.0


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"predict_to": "next.xlsx"},
        lambda: {"ledger": True},
        lambda: {"limits": GateLimits(max_missing=2.0)},
        lambda: {"limits": GateLimits(max_outlier=float("inf"))},
        lambda: {"rules": PromotionRules(tolerance=float("nan"))},
        lambda: {"rules": PromotionRules(tolerance=float("inf"))},
        lambda: {"levels": (0.8,)},
        lambda: {"levels": (99.99999999999999,)},
        lambda: {"wait": float("nan")},
        lambda: {"options": FitOptions(model="linear", horizon=0)},
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_read(again, tmp_path, change):
    with pytest.raises(OptionError):
        again(tmp_path / "nothing.csv", **change())


def test_standard_input_cannot_be_read_again(again):
    with pytest.raises(OptionError, match="standard input"):
        again("-")


def test_old_versions_are_pruned(table, again, tmp_path):
    path = table(360)
    for _ in range(4):
        again(path, force=True, keep=2)
    assert sorted(os.listdir(_model(tmp_path) / "versions")) == ["000003", "000004"]


def test_a_file_without_its_last_newline_may_still_be_written(table, again):
    path = table(360)
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    with pytest.raises(DataError, match="line"):
        again(path)


def test_days_without_sundays_stay_days(tmp_path: Path) -> None:
    """Read alone such rows are steps from Monday to Saturday; the version in service knows days."""
    path, whole = tmp_path / "sales.csv", sales(400, shops=("7",))
    whole = whole[np.arange(400) % 7 != 0]
    whole.iloc[:300].to_csv(path, index=False)
    options = FitOptions(model="seasonal-naive", horizon=7)
    fit(path, options=options, reading=ReadOptions(freq="D"), store=tmp_path, name="sales")
    whole.to_csv(path, index=False)
    events: list[Any] = []
    result = retrain(path, options=options, store=tmp_path, name="sales", limits=LIMITS, report=events.append)
    assert result.status in ("promoted", "rejected"), result.message
    assert any("are read in the steps of the version in service: --freq D" in str(event) for event in events)


def test_other_steps_cannot_be_accepted(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    fit(sales(200, shops=("7",)), options=FitOptions(model="naive", horizon=7), store=tmp_path, name="sales")
    sales(800, shops=("7",)).iloc[::7].to_csv(path, index=False)
    for accept in (False, True):
        result = retrain(path, store=tmp_path, name="sales", limits=LIMITS, settings=RetrainSettings(accept=accept))
        assert (result.status, result.exit_code) == ("gate", 4)
        assert "frequency: found weekly" in result.message
        assert "fit anew with tsforecast fit" in result.message and "--accept" not in result.message
