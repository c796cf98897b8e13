"""The data gate on columns of covariates: what it names, and that healthy columns pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import with_columns
from tests.workflows.cuts import SCHEMA, table, version_of
from tests.workflows.retrain.test_data_checks import midday, shops
from tsforecast.series.panel import Panel
from tsforecast.workflows.provenance import STEPS_LATE
from tsforecast.workflows.retrain.data_checks import check_data, without_new_outliers
from tsforecast.workflows.retrain.settings import GateLimits

LIMITS = GateLimits()
DAYS, NEW, AHEAD, COUNT = 400, 20, 7, 10
WITH_COLUMNS = replace(SCHEMA, past_cols=("wind",), future_cols=("temp",), static_cols=("size",))
LATER = np.tile(np.arange(DAYS) >= DAYS - NEW, COUNT)
AHEAD_OF_LAST = np.tile(np.arange(DAYS + AHEAD) >= DAYS, COUNT)


def columns(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "past": rng.normal(size=COUNT * DAYS),
        "future": 10 + rng.normal(size=COUNT * (DAYS + AHEAD)),
        "static": rng.uniform(100, 900, COUNT),
    }


def data_of(panel: Panel, observed: np.ndarray | None = None):
    observed = np.ones(len(panel.values), dtype=bool) if observed is None else observed
    return replace(table(panel, WITH_COLUMNS), past_observed=observed.reshape(-1, 1))


PANEL = with_columns(shops(DAYS, COUNT), **columns(), ahead=AHEAD)
OLD = PANEL.between(np.zeros(COUNT, np.int64), PANEL.lengths - NEW)
FITTED = version_of(data_of(OLD), lookback=100)
CHAMPION = replace(FITTED, provenance=FITTED.provenance | {STEPS_LATE: {"wind": 0}})


def found(limits: GateLimits = LIMITS, *, observed=None, champion=CHAMPION, **changed):
    panel = with_columns(shops(DAYS, COUNT), **(columns() | changed), ahead=AHEAD)
    breaches = check_data(data_of(panel, observed), champion, limits, now=midday(panel))
    return {breach.key: breach for breach in breaches}


def test_healthy_columns_pass():
    assert found() == {}


def test_a_column_that_has_moved_is_named():
    past = columns()["past"] + 50 * LATER
    breaches = found(past=past)
    assert list(breaches) == ["max_shift wind"]
    assert breaches["max_shift wind"].change
    assert breaches["max_shift wind"].text.startswith("column 'wind': the level of the new rows has moved by ")
    assert found(GateLimits(max_shift=None), past=past) == {}


def test_what_is_known_ahead_is_looked_at_too():
    future = columns()["future"] + 1e5 * AHEAD_OF_LAST * (np.arange(AHEAD_OF_LAST.size) % (DAYS + AHEAD) == DAYS + 3)
    breach = found(future=future)["max_outlier temp"]
    assert "column 'temp': the new value 100011 of '01' lies " in breach.text
    panel = with_columns(shops(DAYS, COUNT), **(columns() | {"future": future}), ahead=AHEAD)
    cleaned = without_new_outliers(data_of(panel), CHAMPION, GateLimits(), None).panel
    assert cleaned.covariates.future.max() < 20
    assert np.array_equal(cleaned.covariates.past, panel.covariates.past)
    assert np.array_equal(cleaned.values, panel.values)


def test_numbers_of_series_in_another_unit():
    breach = found(static=columns()["static"] * 10.8)["max_shift size"]
    assert breach.text.startswith("column 'size': the numbers of the series have moved by ")
    one_moved = columns()["static"] * np.where(np.arange(COUNT) == 3, 10.8, 1)
    assert found(static=one_moved) == {}


def test_missing_values_are_compared_with_those_before():
    third = np.arange(COUNT * DAYS) % 3 > 0
    breach = found(observed=~(LATER & third))["max_missing wind"]
    assert breach.text == (
        "column 'wind': 66.5 % of the newest values are missing (133 of 200); at most 5 % are allowed: --max-missing"
    )
    assert found(observed=~third) == {}  # it never had more
    assert found(GateLimits(max_missing=None), observed=~LATER) == {}


@pytest.mark.parametrize(("usual", "stopped"), [(0, True), (NEW - 1, True), (NEW, False), (None, False)])
def test_a_column_that_always_came_late_passes(usual, stopped):
    told = {} if usual is None else {STEPS_LATE: {"wind": usual}}
    champion = replace(FITTED, provenance=FITTED.provenance | told)
    assert bool(found(observed=~LATER, champion=champion)) is stopped


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"past_cols": ()}, "columns known up to now: found none; the version in service was fitted on 'wind'"),
        ({"lags": (3,)}, "columns known up to now: found 'wind=3'"),
        ({"past_cols": ("temp",), "future_cols": ("wind",)}, "columns known up to now: found 'temp'"),
        ({"category_cols": ("kind",)}, "category columns: found 'kind'; the version in service was fitted on none"),
    ],
)
def test_other_columns_are_another_schema(change, said):
    data = replace(data_of(PANEL), schema=replace(WITH_COLUMNS, **change))
    (breach,) = check_data(data, CHAMPION, GateLimits(), now=midday(PANEL))
    assert breach.limit == "same_schema"
    assert said in breach.text
    assert check_data(data, CHAMPION, GateLimits(same_schema=False), now=midday(PANEL)) == ()


def test_columns_that_hardly_ever_move_pass():
    """Flags, steps and trends are no drift."""
    day = np.tile(np.arange(DAYS), COUNT)
    for past in (day % 50 == 0, day >= DAYS - NEW, day * 1.0, np.exp(day / 100), day % 7 == 0):
        assert found(past=past.astype(float)) == {}


def test_many_columns_leave_a_state_that_can_be_read():
    names = tuple(f"c{number}" for number in range(25))
    wide = np.repeat(columns()["past"][:, None], 25, axis=1)
    schema = replace(SCHEMA, past_cols=names)
    champion = version_of(table(with_columns(shops(DAYS - NEW, COUNT), past=wide[~LATER]), schema), lookback=100)
    panel = with_columns(shops(DAYS, COUNT), past=wide + 50 * LATER[:, None])
    data = replace(table(panel, schema), past_observed=np.ones_like(wide, dtype=bool))
    assert len(check_data(data, champion, GateLimits(), now=midday(panel))) == 20
