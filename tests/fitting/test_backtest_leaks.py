"""Nothing of a window's future is used, nothing is carried from one fit to the next: every kind of model and choice.

A spike is planted in every row that was not known at a window: the forecasts up to that window stay as they are, to the
last bit, and those after it change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.covariates import with_columns
from tests.sampling import sampled
from tsforecast.fitting.backtest import backtest_fit, truth_of
from tsforecast.fitting.backtest_fits import backtest_fits
from tsforecast.fitting.folds import rolling_folds
from tsforecast.forecast import joined
from tsforecast.models.options import SCALERS, TRANSFORMS, FitOptions
from tsforecast.models.registry import LOCAL, MODELS, get_model
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import make_panel

LEVELS, HORIZON = (80.0,), 7
SPIKE, COLUMN_SPIKE = 1e4, 30.0
# As small as a network can be: of what it learns nothing is asked here.
SMALL = {"units": 4, "epochs": 1, "members": 1, "segment": 7, "batch_size": 64, "threads": 1, "preset": "fast"}
QUICK = ("linear", "seasonal-naive", "naive", "drift", *LOCAL)


@pytest.fixture
def panel():
    return plain_panel()


def plain_panel(lengths=(130, 100)):
    """Two daily series with a weekly season and steps of level, some values of which were filled in."""
    random = np.random.default_rng(3)
    series = [
        50 + 10 * np.sin(2 * np.pi * np.arange(n) / 7) + (np.arange(n) // 40) + random.normal(0, 2, n) for n in lengths
    ]
    made = make_panel(series, Frequency("fixed", DAY))
    return replace(made, observed=random.random(len(made.values)) > 0.02)


def driven(panel, role):
    """The panel with a column that has to do with it: known up to the cutoff, known ahead, or of the whole series."""
    random = np.random.default_rng(5)
    if role == "past":
        return with_columns(panel, past=np.roll(panel.values, -1) + random.normal(0, 1, len(panel.values)))
    if role == "static":
        return with_columns(panel, static=[[1.0], [2.0]])
    known = random.normal(size=len(panel.values))
    return with_columns(replace(panel, values=panel.values + 8 * known), future=known)


def planted(panel, folds, window):
    """The panel with a spike in all that was not known at a window, of its columns too."""
    row = np.arange(len(panel.values)) - panel.offsets[panel.series_of_row]
    known = folds.known(window)[panel.series_of_row]
    later = row >= known
    columns = panel.covariates
    if columns is not None:
        # Known ahead is what the window forecasts, and no more.
        beyond = row >= known + folds.gap + folds.horizon
        future = np.where(beyond[:, None], COLUMN_SPIKE, columns.future) if columns.future.size else columns.future
        past = np.where(later[:, None], -COLUMN_SPIKE, columns.past)
        columns = replace(columns, past=past, future=future)
    values = np.where(later, SPIKE * (1 + row % 5), panel.values)
    return replace(panel, values=values, observed=panel.observed | later, covariates=columns)


def made(panel, folds, jobs=1, **options):
    given = FitOptions(**{"horizon": HORIZON, "threads": 1} | options)
    fits = backtest_fits(panel, folds, given, LEVELS, TrainingSession(), jobs)
    return {name: joined([fit.made[name] for fit in fits]) for name in fits[0].made}


def assert_no_leak(panel, folds, **options):
    """The windows up to the first do not change; one after it does."""
    before, after = (made(each, folds, **options) for each in (panel, planted(panel, folds, 0)))
    first = truth_of(panel, folds, 7).window == 0
    assert {options["model"], *QUICK} == set(before)
    for name in before:
        for bound in ("y_pred", "lower", "upper"):
            np.testing.assert_array_equal(getattr(after[name], bound)[first], getattr(before[name], bound)[first])
        assert np.any(after[name].y_pred[~first] != before[name].y_pred[~first])


def two_windows(panel, **given):
    return rolling_folds(panel.lengths, **{"horizon": HORIZON, "windows": 2} | given)


@pytest.mark.parametrize("model", [name for name in MODELS if get_model(name).kind in ("linear", "baseline")])
def test_every_simple_model(panel, model):
    assert_no_leak(panel, two_windows(panel, gap=1), model=model)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("model",), sampled(3, [name for name in MODELS if get_model(name).kind in ("network", "combination")])
)
def test_every_network_and_the_combination(panel, model):
    assert_no_leak(panel, two_windows(panel), model=model, **SMALL)


@pytest.mark.parametrize("transform", ["auto", *TRANSFORMS])
@pytest.mark.parametrize("scaler", ["auto", pytest.param("minmax", marks=pytest.mark.sweep)])
def test_every_transform(panel, transform, scaler):
    assert_no_leak(panel, two_windows(panel), model="linear", transform=transform, scaler=scaler)


@pytest.mark.sweep
@pytest.mark.parametrize("scaler", SCALERS)
def test_every_scaler(panel, scaler):
    assert_no_leak(panel, two_windows(panel, sliding=90), model="linear", scaler=scaler)


@pytest.mark.parametrize("role", ["past", "future", "static"])
@pytest.mark.parametrize("calendar", ["auto", pytest.param("weekday", marks=pytest.mark.sweep)])
def test_every_role_of_a_column(panel, role, calendar):
    rows = driven(panel, role)
    assert_no_leak(rows, two_windows(panel, gap=1), model="linear", calendar=calendar)


@pytest.mark.sweep
@pytest.mark.parametrize(("role",), sampled(2, ["past", "future", "static"]))
def test_every_role_of_a_column_in_a_network(panel, role):
    assert_no_leak(driven(panel, role), two_windows(panel), model="gru", **SMALL)


@pytest.mark.sweep
def test_the_automatic_choices_of_a_combination_with_columns(panel):
    """Nothing is asked for but the effort: season, lookback, segment, transform, normalisation, columns, shares."""
    effort = {name: SMALL[name] for name in ("units", "epochs", "preset", "threads")}
    assert_no_leak(driven(panel, "future"), two_windows(panel), model="auto", **effort)


def test_a_column_known_ahead_is_seen_up_to_the_horizon(panel):
    """The canary: what is planted within the horizon of a column known ahead does change the forecast."""
    rows, folds = driven(panel, "future"), two_windows(panel)
    cutoffs = (panel.offsets[:-1] + folds.cutoffs[0])[:, None] + np.arange(HORIZON)
    future = rows.covariates.future.copy()
    future[cutoffs.ravel()] = 9
    other = replace(rows, covariates=replace(rows.covariates, future=future))
    first = truth_of(panel, folds, 7).window == 0
    one, two = (made(each, folds, model="linear")["linear"].y_pred[first] for each in (rows, other))
    assert np.all(one != two)


def assert_order_is_nothing(panel, **options):
    """Fits forwards and backwards in one session, which shares its graphs, and each in a session of its own."""
    folds, given = two_windows(panel, windows=3), FitOptions(horizon=HORIZON, **options)

    def fitted(order, session):
        return {number: backtest_fit(panel, folds, folds.fits[number], given, LEVELS, session) for number in order}

    forwards = fitted(range(3), TrainingSession())
    for other in (fitted((2, 1, 0), TrainingSession()), fitted((1,), TrainingSession())):
        for number, fit in other.items():
            for name, found in fit.made.items():
                for bound in ("y_pred", "lower", "upper"):
                    expected = getattr(forwards[number].made[name], bound)
                    np.testing.assert_array_equal(getattr(found, bound), expected)


def test_the_order_of_fits_is_nothing(panel):
    assert_order_is_nothing(panel, model="linear")


@pytest.mark.sweep
def test_the_order_of_fits_is_nothing_to_networks(panel):
    assert_order_is_nothing(panel, model="gru", **SMALL)


@pytest.mark.sweep
def test_networks_in_processes_forecast_the_same(panel):
    folds = two_windows(panel)
    one, two = (made(panel, folds, jobs, model="gru", **SMALL) for jobs in (1, 2))
    for name, expected in one.items():
        for bound in ("y_pred", "lower", "upper"):
            np.testing.assert_array_equal(getattr(two[name], bound), getattr(expected, bound))
