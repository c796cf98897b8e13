"""What is known of each model, from a store made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.store.conftest import build
from tests.store.ledger.test_ledger import make_run
from tests.store.test_last_run import RUN
from tsforecast.errors import InputMissingError
from tsforecast.store.layout import LEDGER
from tsforecast.store.ledger.facts import LedgerFacts
from tsforecast.store.ledger.runs import append_run
from tsforecast.store.model import StoredModel
from tsforecast.store.runs import (
    ForecastFile,
    GateState,
    LastChecks,
    LastRun,
    OpenBreach,
    write_checked,
    write_forecast_files,
    write_gate_state,
    write_last_run,
)
from tsforecast.store.store import Store
from tsforecast.workflows.status import read_status, with_limit, worst

NOW = datetime(2026, 2, 1, 6, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, freeze):
    """A store whose model was published now."""
    freeze(NOW)
    Store(tmp_path).model("shop").publish(build("linear"))
    return tmp_path


def ended(store, name="shop", *, hours=0.0, ended_well=None, **changes) -> LastRun:
    """A retraining that ended some hours ago."""
    run = replace(RUN, finished=NOW - timedelta(hours=hours), **changes)
    write_last_run(StoredModel(store / name), run)
    write_checked(StoredModel(store / name), LastChecks(run.finished, run.finished if run.succeeded else ended_well))
    return run


def test_a_model_without_a_retraining(store):
    (model,) = read_status(Store(store))
    assert (model.name, model.version, model.last_run, model.checked, model.error) == ("shop", 1, None, None, None)
    assert model.looked_after(NOW) == model.published == NOW
    assert model.age(NOW + timedelta(hours=1)) == 3600
    assert model.age(NOW - timedelta(minutes=1)) == 0  # clocks differ a little


def test_a_retraining(store):
    run = ended(store, hours=-5, exit_code=3, status="rejected")
    (model,) = read_status(Store(store))
    later = NOW + timedelta(hours=6)
    assert (model.last_run, model.looked_after(later)) == (run, run.finished)
    assert model.checked == LastChecks(run.finished, run.finished)
    assert model.to_dict(later)["last_run"]["status"] == "rejected"
    assert model.to_dict(later)["age_seconds"] == 3600


def test_a_failure_is_no_success(store):
    ended(store, hours=-5, exit_code=66, status="failed")
    (model,) = read_status(Store(store))
    assert model.looked_after(NOW + timedelta(hours=6)) == model.published
    assert worst([model]) == 0  # the model in service is as good as before


def test_a_bad_night_does_not_make_the_good_one_before_forgotten(store):
    ended(store, hours=-30, exit_code=4, status="gate", ended_well=NOW + timedelta(hours=6))
    (model,) = read_status(Store(store))
    assert model.age(NOW + timedelta(hours=31)) == 25 * 3600


def test_a_limit(store):
    late = NOW + timedelta(hours=27)
    models = with_limit(read_status(Store(store)), 26 * 3600, late)
    assert worst(models) == 4
    assert "model 'shop' was last looked after 27 h ago, the limit is 26 h" in str(models[0].error)
    ended(store, hours=-5, exit_code=0)
    assert worst(with_limit(read_status(Store(store)), 26 * 3600, late)) == 0
    ended(store, hours=-5, exit_code=4, status="gate", message="rows down by half")
    (model,) = with_limit(read_status(Store(store)), 26 * 3600, late)
    assert "status 4" in str(model.error) and "gate, rows down by half" in str(model.error)


def test_a_run_under_a_clock_that_was_ahead_does_not_count(store):
    """It kept `status --max-age 26h` green for a year."""
    ended(store, hours=-24 * 365, exit_code=0)
    late = NOW + timedelta(hours=27)
    (model,) = with_limit(read_status(Store(store)), 26 * 3600, late)
    assert (model.age(late), model.error.exit_code) == (27 * 3600, 4)
    Store(store).model("new").publish(build("linear"))
    early = NOW - timedelta(days=2)
    new, _ = with_limit(read_status(Store(store)), 26 * 3600, early)
    assert (new.age(early), new.error.exit_code) == (None, 4)
    assert "lies in the future: a clock is or was wrong" in str(new.error)


def test_forecasts_and_what_the_gate_holds_against_the_data(store):
    file = ForecastFile("/srv/next.csv", "ab", 1, "2026-01-31", NOW - timedelta(hours=3), "cd")
    breach = OpenBreach("max_shift", NOW - timedelta(days=2), 3, 20_000)
    write_forecast_files(StoredModel(store / "shop"), (file,))
    write_gate_state(StoredModel(store / "shop"), GateState(breaches=(breach,)))
    (model,) = read_status(Store(store))
    assert (model.forecasts, model.breaches) == ((file,), (breach,))
    facts = model.to_dict(NOW)
    assert (facts["forecasts"][0]["age_seconds"], facts["forecasts"][0]["path"]) == (3 * 3600, "/srv/next.csv")
    assert (facts["breaches"][0]["limit"], facts["breaches"][0]["runs"]) == ("max_shift", 3)


def test_a_model_that_never_came_into_service(store):
    ended(store, "new", exit_code=66, status="failed", version=None)
    new, shop = read_status(Store(store))
    assert (new.name, shop.name) == ("new", "shop")
    assert (new.error.exit_code, shop.error) == (66, None)
    assert new.last_run.status == "failed"
    assert worst([new, shop]) == 66


def test_damage(store):
    Store(store).model("other").publish(build("linear"))
    (store / "shop" / "versions" / "000001" / "manifest.json").write_text("{")
    other, shop = with_limit(read_status(Store(store)), 0, NOW + timedelta(hours=1))
    assert (other.error.exit_code, shop.error.exit_code, worst([other, shop])) == (4, 65, 65)
    assert (shop.version, shop.published) == (1, None)


def test_a_damaged_last_run(store):
    (store / "shop" / "last_run.json").write_text("{}")
    (model,) = read_status(Store(store))
    assert (model.error.exit_code, model.version) == (65, 1)
    assert model.published is not None
    assert model.error.file.endswith("last_run.json")


def test_until_when_the_data_reached(tmp_path):
    bundle = build("linear")
    for name, last, schema in (
        ("zoned", "2024-01-21T18:00:00.000000", bundle.schema),
        ("plain", "2024-01-21T18:00:00.000000", replace(bundle.schema, time_zone=None)),
        ("broken", "soon", bundle.schema),
    ):
        Store(tmp_path).model(name).publish(replace(bundle, provenance={"last": last}, schema=schema))
    until = {model.name: model.trained_until for model in read_status(Store(tmp_path))}
    assert until == {"zoned": "2024-01-21T18:00:00Z", "plain": "2024-01-21T18:00:00", "broken": None}


def test_what_is_not_there(store):
    with pytest.raises(InputMissingError, match="no model 'shp'") as caught:
        read_status(Store(store), "shp")
    assert "did you mean 'shop'?" in caught.value.hint
    with pytest.raises(InputMissingError, match="no model in"):
        read_status(Store(store / "none"))


def test_the_forecasts_that_were_noted(store):
    assert read_status(Store(store))[0].to_dict(NOW)["ledger"] is None
    for number, moment in ((1, NOW - timedelta(days=2)), (2, NOW - timedelta(hours=3))):
        append_run(store / "shop", make_run(number, made=moment))
    (model,) = read_status(Store(store))
    assert model.ledger == LedgerFacts(2, NOW - timedelta(hours=3), None) and model.error is None
    assert model.to_dict(NOW)["ledger"]["last_noted"] == (NOW - timedelta(hours=3)).isoformat()
    (store / "shop" / LEDGER).write_bytes(b"x" * 5000)
    (model,) = read_status(Store(store))
    assert model.error.exit_code == 65 and "ledger" in str(model.error) and model.version == 1
