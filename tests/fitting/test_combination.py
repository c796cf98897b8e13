from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsforecast.fitting import combination
from tsforecast.fitting.combination import ROUNDS, HeldOut, choose_shares, few_windows, shares_of_series
from tsforecast.series.scaling import Scaling

HORIZON = 4
SERIES = 10
# Model space is that of the values.
IDENTITY = Scaling("none", "none", np.zeros(SERIES), np.ones(SERIES), np.zeros(SERIES, dtype=bool))


@pytest.fixture(autouse=True)
def enough(monkeypatch):
    """A few windows are enough for these tests, but where they are about just that."""
    monkeypatch.setattr(combination, "FEW_HORIZONS", 0)


function_scoped = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
quick = settings(max_examples=60, suppress_health_check=function_scoped)


def make_fold(errors, *, samples=6, series=None, unit=None, observed=None, seed=0):
    """Held-out windows of models that err by `errors`, each a number or an array (samples, horizon)."""
    y_true = np.random.default_rng(seed).normal(10, 2, (samples, HORIZON)).astype(np.float32)
    return HeldOut(
        y_true=y_true,
        observed=np.ones(y_true.shape, bool) if observed is None else observed,
        series=np.zeros(samples, np.int64) if series is None else np.asarray(series),
        origins=np.arange(samples),
        unit=np.ones(1) if unit is None else np.asarray(unit, np.float64),
        forecasts=tuple((y_true + error).astype(np.float32) for error in errors),
        scaling=IDENTITY,
    )


def combined(fold, shares):
    return sum(share * y_pred for share, y_pred in zip(shares, fold.forecasts, strict=True))


def mean_error(folds, shares):
    return np.mean([fold.error(combined(fold, shares)) for fold in folds])


def test_the_error_by_hand():
    # One series errs by 1 of 2 units on two windows, the other by 3 of 1 on one: (0.5 + 3) / 2.
    fold = make_fold([np.array([[1.0], [1.0], [3.0]])], samples=3, series=[0, 0, 1], unit=[2, 1])
    assert fold.error(fold.forecasts[0]) == pytest.approx(1.75)


def test_a_level_hides_no_error():
    """Errors of 1 and of 2 beside values of a billion: float32 would know neither."""
    errors = [np.ones((6, HORIZON)), 2 * np.ones((6, HORIZON))]
    fold = make_fold(errors)
    level = 1e9
    raised = replace(
        fold, y_true=fold.y_true.astype(np.float64) + level, scaling=replace(IDENTITY, center=np.full(SERIES, level))
    )
    for number in (0, 1):
        assert raised.error(raised.forecasts[number]) == pytest.approx(fold.error(fold.forecasts[number]), rel=1e-5)
    assert choose_shares([raised]) == choose_shares([fold]) == (1, 0)


def test_the_error_counts_observed_points_only():
    observed = np.ones((6, HORIZON), bool)
    observed[2], observed[3, 0] = False, False
    error = np.ones((6, HORIZON))
    error[~observed] = 1e6
    fold = make_fold([error], observed=observed)
    assert fold.error(fold.forecasts[0]) == pytest.approx(1)


@pytest.mark.parametrize("best", [0, 1, 2])
def test_the_best_of_models_that_err_alike_gets_everything(best):
    errors = [2.0, 3.0, 2.5]
    errors[best] = 1.0
    shares = choose_shares([make_fold(errors)])
    assert shares == tuple(float(number == best) for number in range(3))


def test_a_single_model_gets_everything():
    assert choose_shares([make_fold([5.0])]) == (1.0,)


def test_models_whose_errors_cancel_share():
    assert choose_shares([make_fold([1.0, -1.0])]) == pytest.approx((0.5, 0.5))
    # 2 a - b = 0 where b counts twice.
    assert choose_shares([make_fold([2.0, -1.0])]) == pytest.approx((1 / 3, 2 / 3))


def test_a_model_that_cancels_no_error_gets_nothing():
    shares = choose_shares([make_fold([1.0, -1.0, 50.0])])
    assert shares[2] == 0


def test_shares_are_coarse():
    rng = np.random.default_rng(1)
    folds = [make_fold([rng.normal(size=(6, HORIZON)) for _ in range(4)], seed=seed) for seed in range(2)]
    parts = {round(part * share, 9) % 1 for share in choose_shares(folds) for part in [np.lcm.reduce(range(1, 6))]}
    assert ROUNDS == 5
    assert parts <= {0.0}


@pytest.mark.parametrize(
    "unknown",
    [{"observed": np.zeros((6, HORIZON), bool)}, {"unit": [np.nan]}, {"samples": 0}],
    ids=["nothing observed", "no unit", "no windows"],
)
def test_equal_shares_where_nothing_can_be_compared(unknown):
    assert choose_shares([make_fold([1.0, 2.0, 3.0, 4.0], **unknown)]) == (0.25, 0.25, 0.25, 0.25)


def test_a_series_without_a_unit_is_left_out():
    """The second series would make the other model the best one, if only it had a unit."""
    errors = [np.array([[1.0], [9.0]]), np.array([[2.0], [0.0]])]
    known = make_fold(errors, samples=2, series=[0, 1], unit=[1, 1])
    assert choose_shares([known])[1] == 1
    assert choose_shares([replace(known, unit=np.array([1, np.nan]))]) == (1, 0)


def test_series_count_alike_however_many_windows_they_have():
    errors = [np.array([[1.0]] * 5 + [[4.0]]), np.array([[2.0]] * 5 + [[2.0]])]
    fold = make_fold(errors, series=[0] * 5 + [1], unit=[1, 1])
    # By window the first model is better (9 of 12), by series the second one (2 of 2.5).
    assert fold.error(fold.forecasts[0]) == pytest.approx(2.5)
    assert choose_shares([fold]) == (0, 1)


def test_periods_count_alike_however_many_windows_they_have():
    large, small = make_fold([1.0, 2.0], samples=50), make_fold([3.0, 1.0], samples=2)
    assert choose_shares([large]) == (1, 0)
    assert choose_shares([large, small]) == choose_shares([small, large]) == (0, 1)


def test_a_model_that_is_not_finite_is_not_chosen():
    assert choose_shares([make_fold([np.nan, 2.0])]) == (0, 1)


@st.composite
def held_out(draw):
    """One to three periods with the forecasts of some models, and some points that were not observed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    models, bias = draw(st.integers(1, 6)), draw(st.sampled_from([0.0, 1.0, 5.0]))
    offsets = rng.normal(0, bias, models)
    folds = []
    for _ in range(draw(st.integers(1, 3))):
        samples = draw(st.integers(1, 12))
        fold = make_fold(
            [offset + rng.normal(0, 1, (samples, HORIZON)) for offset in offsets],
            samples=samples,
            series=rng.integers(0, 3, samples),
            unit=rng.uniform(0.5, 2, 3),
            observed=rng.random((samples, HORIZON)) > 0.2,
            seed=draw(st.integers(0, 99)),
        )
        fold.observed[0, 0] = True
        folds.append(fold)
    return folds


@quick
@given(held_out())
def test_the_combination_is_never_worse_than_the_best_single_model(folds):
    shares = choose_shares(folds)
    models = len(folds[0].forecasts)
    assert len(shares) == models
    assert sum(shares) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in shares)
    alone = [mean_error(folds, np.eye(models, dtype=np.float32)[number]) for number in range(models)]
    assert mean_error(folds, np.asarray(shares, np.float32)) <= min(alone) * (1 + 1e-5)


@quick
@given(held_out(), st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_neither_the_order_of_windows_nor_the_unit_of_values_matters(folds, scale, seed):
    rng = np.random.default_rng(seed)
    changed = []
    for fold in folds:
        order = rng.permutation(len(fold.y_true))
        changed.append(
            HeldOut(
                fold.y_true[order] * np.float32(scale),
                fold.observed[order],
                fold.series[order],
                fold.origins[order],
                fold.unit * scale,
                tuple(y_pred[order] * np.float32(scale) for y_pred in fold.forecasts),
                IDENTITY,
            )
        )
    assert mean_error(folds, choose_shares(changed)) == pytest.approx(mean_error(folds, choose_shares(folds)), rel=1e-4)


def test_a_period_without_a_unit_is_left_out():
    good, dead = make_fold([1.0, 5.0]), make_fold([1.0, 5.0], unit=[np.nan])
    assert choose_shares([good, dead]) == choose_shares([dead, good]) == choose_shares([good]) == (1, 0)
    assert choose_shares([dead]) == (0.5, 0.5)


@pytest.mark.parametrize("broken", [np.inf, np.nan])
def test_a_forecast_that_is_not_finite_loses(broken):
    error = np.full((6, HORIZON), 0.1)
    error[0, 0] = broken
    assert choose_shares([make_fold([error, 0.5])]) == (0, 1)


def test_models_are_averaged_where_they_will_be():
    # Under a logarithm two errors of one size cancel in model space, which they do not in the user's units.
    fold = make_fold([0.7, -0.7, 0.2])
    scaling = Scaling("none", "log", np.zeros(1), np.ones(1), np.ones(1, dtype=bool))
    logs = tuple(np.log(fold.y_true) + error for error in (np.float32(0.7), np.float32(-0.7), np.float32(0.2)))
    assert choose_shares([replace(fold, forecasts=logs, scaling=scaling)])[:2] != (0, 0)
    half = (logs[0] + logs[1]) / 2
    assert replace(fold, scaling=scaling).error(half) == pytest.approx(0, abs=1e-4)


def test_on_few_windows_all_models_that_are_not_far_from_the_best_have_a_share(monkeypatch):
    fold = make_fold([1.0, 1.4, 1.6], samples=9 * HORIZON)
    assert choose_shares([fold]) == (1, 0, 0)
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    # Half a pick each for the first two, then five picks for the best one.
    assert choose_shares([fold]) == pytest.approx((5.5 / 6, 0.5 / 6, 0))
    assert choose_shares([make_fold([1.0, 1.4, 1.6], samples=10 * HORIZON)]) == (1, 0, 0)


@pytest.mark.parametrize("broken", [np.inf, np.nan])
def test_on_few_windows_too_a_forecast_that_is_not_finite_loses(monkeypatch, broken):
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    error = np.full((6, HORIZON), 0.1)
    error[0, 0] = broken
    assert choose_shares([make_fold([error, 0.5])]) == (0, 1)


def two_series(samples, errors, **more):
    """A fold of two series with so many windows each, in which models err by `errors`, a pair for each."""
    series = np.repeat([0, 1], samples)
    given = [np.repeat(np.array(pair, float), samples)[:, None] * np.ones((1, HORIZON)) for pair in errors]
    return make_fold(given, samples=2 * samples, series=series, unit=[1, 1], **more)


def test_windows_of_other_series_do_not_make_many(monkeypatch):
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    assert few_windows([two_series(10 * HORIZON - 1, [(1, 1)])])
    assert not few_windows([two_series(10 * HORIZON, [(1, 1)])])


def test_windows_out_of_many_span_as_much_as_these(monkeypatch):
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    fold = two_series(12, [(1, 1)])
    assert few_windows([fold])
    assert not few_windows([replace(fold, origins=5 * fold.origins)])


def test_of_many_windows_each_series_picks_for_itself():
    fold = two_series(12, [(0.1, 2.0), (2.0, 0.1)])
    own = shares_of_series([fold], (0.6, 0.4))
    np.testing.assert_allclose(own, [[(3 + 3) / 8, 2 / 8], [3 / 8, (2 + 3) / 8]], rtol=1e-6)


def test_a_series_picks_only_what_makes_its_mean_better():
    """The second model errs the other way: five parts of the first and three of it are less than their mean."""
    fold = two_series(12, [(1.0, 1.0), (-1.0, 8.0)])
    own = shares_of_series([fold], (1.0, 0.0))
    np.testing.assert_allclose(own, [[5 / 8, 3 / 8], [1, 0]], rtol=1e-6)


def test_of_few_windows_shares_lean_to_what_errs_less(monkeypatch):
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    fold = two_series(12, [(1.0, 3.0), (3.0, 1.0), (5.0, 5.0)])
    own = shares_of_series([fold], (0.5, 0.5, 0.0))
    more = 1 / (1 + np.exp(-1))
    np.testing.assert_allclose(own, [[more, 1 - more, 0], [1 - more, more, 0]], rtol=1e-6)


@pytest.mark.parametrize("folds, shares", [(9, (0.5, 0.5)), (12, (1.0,))])
def test_all_share_alike_where_windows_are_too_few_or_there_is_nothing_to_share(monkeypatch, folds, shares):
    monkeypatch.setattr(combination, "FEW_HORIZONS", 10)
    assert shares_of_series([two_series(folds, [(1.0, 2.0)] * len(shares))], shares) is None


def test_one_series_has_the_shares_of_all():
    assert shares_of_series([make_fold([1.0, 2.0], samples=40)], (0.5, 0.5)) is None


def test_a_series_without_windows_keeps_the_shares_of_all():
    fold = two_series(12, [(0.1, 2.0), (2.0, 0.1)])
    alone = replace(fold, unit=np.ones(3))
    assert shares_of_series([alone], (0.6, 0.4))[2].tolist() == pytest.approx([0.6, 0.4])


@pytest.mark.parametrize("broken", [np.inf, np.nan])
def test_no_series_picks_a_model_that_is_not_finite_anywhere(broken):
    fold = two_series(12, [(0.5, 0.5), (0.1, broken)])
    np.testing.assert_allclose(shares_of_series([fold], (1.0, 0.0)), [[1, 0], [1, 0]])


@quick
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 4))
def test_the_shares_of_a_series_are_never_worse_for_it_than_those_of_all(seed, n_series, models):
    rng = np.random.default_rng(seed)
    errors = rng.normal(0, 1, (models, 12 * n_series, HORIZON)) + rng.normal(0, 1, (models, 1, 1))
    fold = make_fold(
        list(errors), samples=12 * n_series, series=np.arange(12 * n_series) % n_series, unit=np.ones(n_series)
    )
    shares = choose_shares([fold])
    own = shares_of_series([fold], shares)
    assert own.shape == (n_series, models)
    np.testing.assert_allclose(own.sum(axis=1), 1, rtol=1e-6)
    mine = sum(own[fold.series, m][:, None] * fold.forecasts[m] for m in range(models))
    assert np.all(fold.errors(mine) <= fold.errors(combined(fold, shares)) + 1e-5)
