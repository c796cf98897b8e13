import numpy as np
import pandas as pd
import pytest
import utilsforecast.losses as oracle

from tests.windows import panel_of
from tsforecast import metrics
from tsforecast.metrics import METRICS, evaluate, metric_info
from tsforecast.series.seasonal_errors import seasonal_errors

WINDOWS, HORIZON, SEASON = 12, 5, 4
PROBABILITIES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])


@pytest.fixture
def case():
    """Three series with four windows each, everything observed."""
    return make_case(seed=0)


def make_case(seed):
    rng = np.random.default_rng(seed)
    y_true = rng.normal(20, 5, (WINDOWS, HORIZON))
    y_pred = y_true + rng.normal(1, 3, y_true.shape)
    spread = np.array([-4.0, -1.5, 0.0, 1.5, 4.0])
    return {
        "y_true": y_true,
        "y_pred": y_pred,
        "lower": y_pred - 3,
        "upper": y_pred + 4,
        "quantiles": y_pred[:, :, None] + spread,
        "observed": np.ones(y_true.shape, bool),
        "series": np.repeat([0, 1, 2], 4),
        "scale": rng.uniform(1, 4, 3),
    }


def score(name, case, **changed):
    """Any metric of the table that measures forecasts, called with what it takes."""
    case = {**case, **changed}
    y_true, y_pred, where = case["y_true"], case["y_pred"], {"observed": case["observed"]}
    if name in ("wape", "mape_skipped", "wql"):
        arguments = {"wape": (y_pred,), "mape_skipped": (), "wql": (case["quantiles"], PROBABILITIES)}[name]
        return getattr(metrics, name)(y_true, *arguments, **where)
    bounds = case["lower"], case["upper"]
    arguments = {
        "mase": (y_pred, case["scale"]),
        "sql": (case["quantiles"], PROBABILITIES, case["scale"]),
        "rmsse": (y_pred, case["scale"]),
        "coverage": bounds,
        "interval_score": (*bounds, 80),
        "msis": (*bounds, 80, case["scale"]),
    }.get(name, (y_pred,))
    return getattr(metrics, name)(y_true, *arguments, series=case["series"], **where)


# mase_left_out counts series, and skill compares metrics: they take no forecasts.
MEASURES = [name for name in METRICS if name not in ("mase_left_out", "skill")]
POINT = ["mae", "rmse", "bias", "mape", "smape", "wape", "mase", "rmsse"]
SPREAD = ["wql", "sql", "interval_score", "msis"]


# One-line twins, for windows that are all observed and series of equally many windows.
def by_series(points):
    return points.reshape(3, -1).mean(axis=1)


TWINS = {
    "mae": lambda y, f, c: np.abs(y - f).mean(),
    "rmse": lambda y, f, c: np.sqrt(by_series((y - f) ** 2)).mean(),
    "bias": lambda y, f, c: (f - y).mean(),
    "mape": lambda y, f, c: 100 * np.mean(np.abs(y - f) / np.abs(y)),
    "mape_skipped": lambda y, f, c: np.mean(y == 0),
    "smape": lambda y, f, c: np.mean(200 * np.abs(y - f) / (np.abs(y) + np.abs(f))),
    "wape": lambda y, f, c: 100 * np.abs(y - f).sum() / np.abs(y).sum(),
    "mase": lambda y, f, c: np.mean(by_series(np.abs(y - f)) / c["scale"]),
    "rmsse": lambda y, f, c: np.mean(np.sqrt(by_series((y - f) ** 2) / c["scale"] ** 2)),
    "wql": lambda y, f, c: np.mean([pinball_points(c, i).sum() / np.abs(y).sum() for i in range(5)]),
    "sql": lambda y, f, c: np.mean([by_series(pinball_points(c, i)) / c["scale"] for i in range(5)]),
    "coverage": lambda y, f, c: np.mean((c["lower"] <= y) & (y <= c["upper"])),
    "interval_score": lambda y, f, c: winkler_points(c).mean(),
    "msis": lambda y, f, c: np.mean(by_series(winkler_points(c)) / c["scale"]),
}


def pinball_points(case, i):
    error = case["y_true"] - case["quantiles"][:, :, i]
    return 2 * np.abs(error) * np.where(error > 0, PROBABILITIES[i], 1 - PROBABILITIES[i])


def winkler_points(case):
    y, low, high = case["y_true"], case["lower"], case["upper"]
    return high - low + 10 * (low - y) * (y < low) + 10 * (y - high) * (y > high)


@pytest.mark.parametrize("name", MEASURES)
def test_metric_equals_its_twin(name, case):
    expected = TWINS[name](case["y_true"], case["y_pred"], case)
    assert score(name, case) == pytest.approx(expected, rel=1e-12)


def test_metrics_equal_utilsforecast(case):
    """utilsforecast has other scales: sMAPE and MAPE 0-1."""
    lookback = np.random.default_rng(1).normal(20, 5, (3, 30))
    stamps = np.tile(np.arange(20), 3)
    data = {"unique_id": np.repeat([0, 1, 2], 20), "ds": stamps + 100, "y": case["y_true"].ravel()}
    for column, key in (("m", "y_pred"), ("m-lo-80", "lower"), ("m-hi-80", "upper")):
        data[column] = case[key].ravel()
    frame = pd.DataFrame(data)
    train = pd.DataFrame(
        {"unique_id": np.repeat([0, 1, 2], 30), "ds": np.tile(np.arange(30), 3), "y": lookback.ravel()}
    )
    scale, root_scale = seasonal_errors(panel_of(lookback.ravel(), [0, 30, 60, 90]), SEASON, np.full(3, 30))
    expected = {
        "mae": oracle.mae(frame, ["m"]),
        "rmse": oracle.rmse(frame, ["m"]),
        "bias": oracle.bias(frame, ["m"]),
        "mape": 100 * oracle.mape(frame, ["m"]).set_index("unique_id"),
        "smape": 200 * oracle.smape(frame, ["m"]).set_index("unique_id"),
        "mase": oracle.mase(frame, ["m"], seasonality=SEASON, train_df=train),
        "rmsse": oracle.rmsse(frame, ["m"], seasonality=SEASON, train_df=train),
        "coverage": oracle.coverage(frame, ["m"], level=80),
        "interval_score": oracle.winkler_score(frame, ["m"], level=80),
    }
    for name, result in expected.items():
        own = score(name, case, scale=root_scale if name == "rmsse" else scale)
        assert own == pytest.approx(result["m"].mean(), rel=1e-9), name


def test_metrics_equal_scikit_learn(case):
    from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error

    y_true, y_pred = case["y_true"].ravel(), case["y_pred"].ravel()
    assert score("mae", case) == pytest.approx(mean_absolute_error(y_true, y_pred))
    assert score("mape", case) == pytest.approx(100 * mean_absolute_percentage_error(y_true, y_pred))


@pytest.mark.parametrize("name", POINT)
def test_zero_when_equal(name, case):
    assert score(name, case, y_pred=case["y_true"]) == 0


@pytest.mark.parametrize("name", SPREAD)
def test_zero_when_all_quantiles_equal_the_truth(name, case):
    y_true = case["y_true"]
    sure = {"lower": y_true, "upper": y_true, "quantiles": np.repeat(y_true[:, :, None], 5, axis=2)}
    assert score(name, case, **sure) == 0


@pytest.mark.parametrize("name", ["mae", "rmse", "smape", "mase", "rmsse"])
def test_symmetric(name, case):
    swapped = score(name, case, y_true=case["y_pred"], y_pred=case["y_true"])
    assert swapped == pytest.approx(score(name, case))


@pytest.mark.parametrize("name", MEASURES)
def test_scale_free_or_in_the_unit_of_the_data(name, case):
    in_units = name in ("mae", "rmse", "bias", "interval_score")
    keys = ("y_true", "y_pred", "lower", "upper", "quantiles", "scale")
    scaled = score(name, case, **{key: 7 * case[key] for key in keys})
    assert scaled == pytest.approx((7 if in_units else 1) * score(name, case))


@pytest.mark.parametrize("name", MEASURES)
def test_unobserved_points_do_not_count_whatever_they_hold(name, case):
    observed = np.random.default_rng(2).random((WINDOWS, HORIZON)) < 0.7
    blank = np.where(observed, case["y_true"], np.nan)
    expected = score(name, case, observed=observed)
    assert np.isfinite(expected)
    assert score(name, case, observed=observed, y_true=blank) == expected


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in ("mape_skipped", "coverage")])
def test_a_forecast_that_is_not_a_number_is_never_hidden(name, case):
    changed = {key: case[key].copy() for key in ("y_pred", "lower", "upper", "quantiles")}
    for values in changed.values():
        values[3, 2] = np.nan
    assert np.isnan(score(name, case, **changed))


@pytest.mark.parametrize("name", MEASURES)
def test_nothing_observed_gives_nan(name, case):
    assert np.isnan(score(name, case, observed=np.zeros((WINDOWS, HORIZON), bool)))


@pytest.mark.parametrize("name", MEASURES)
def test_only_pooled_metrics_depend_on_the_number_of_windows_of_a_series(name, case):
    if name == "mape_skipped":
        case["y_true"][0, 0] = 0
    rows = np.concatenate([np.arange(4).repeat(9), np.arange(4, WINDOWS)])
    keys = ("y_true", "y_pred", "lower", "upper", "quantiles", "observed", "series")
    longer = score(name, case, **{key: case[key][rows] for key in keys})
    assert (longer == pytest.approx(score(name, case), rel=1e-9)) != METRICS[name].pooled


def test_each_step_weighs_alike_however_often_it_was_observed():
    y_true = np.array([[1.0, 4.0], [3.0, 0.0]])
    observed = np.array([[True, True], [True, False]])
    result = metrics.mae(y_true, np.zeros((2, 2)), observed=observed, series=np.zeros(2, int))
    assert result == ((1 + 3) / 2 + 4) / 2


def test_series_numbers_may_have_gaps_and_any_order(case):
    renumbered = score("mase", case, series=np.array([7, 2, 4])[case["series"]], scale=np.full(8, 2.0))
    assert renumbered == pytest.approx(score("mase", case, scale=np.full(3, 2.0)))


def test_mape_skips_zeros_and_says_how_many():
    y_true, y_pred = np.array([[0.0, 2.0, 4.0, 0.0]]), np.array([[1.0, 1.0, 5.0, 0.0]])
    known = {"observed": np.array([[True, True, True, False]]), "series": np.array([0])}
    assert metrics.mape(y_true, y_pred, **known) == pytest.approx((50 + 25) / 2)
    assert metrics.mape_skipped(y_true, observed=known["observed"]) == pytest.approx(1 / 3)
    assert np.isnan(metrics.mape(np.zeros((1, 4)), y_pred, **known))


def test_smape_of_zero_and_zero_is_zero():
    known = {"observed": np.ones((1, 2), bool), "series": np.array([0])}
    assert metrics.smape(np.array([[0.0, 0.0]]), np.array([[0.0, 3.0]]), **known) == 100


def test_wape_of_nothing_but_zeros_cannot_be_given():
    zeros = np.zeros((1, 2))
    assert np.isnan(metrics.wape(zeros, zeros + 1, observed=np.ones((1, 2), bool)))


def test_series_that_cannot_be_scaled_are_left_out_and_counted(case):
    scale = np.array([2.0, np.nan, 0.0])
    where = {"observed": case["observed"], "series": case["series"]}
    expected = score("mae", case, observed=case["observed"] & (case["series"] == 0)[:, None]) / 2
    assert metrics.mase(case["y_true"], case["y_pred"], scale, **where) == pytest.approx(expected)
    assert metrics.mase_left_out(scale, **where) == 2
    unseen = case["observed"] & (case["series"] < 2)[:, None]
    assert metrics.mase_left_out(scale, observed=unseen, series=case["series"]) == 1


def test_wql_of_the_median_is_wape(case):
    median = np.array([0.5])
    wql = metrics.wql(case["y_true"], case["y_pred"][:, :, None], median, observed=case["observed"])
    assert wql == pytest.approx(score("wape", case) / 100)


def test_skill_is_the_share_of_the_error_that_is_saved():
    assert metrics.skill(0.5, 2.0) == 0.75
    assert metrics.skill(3.0, 2.0) == -0.5
    assert np.isnan(metrics.skill(0.5, 0.0))


def test_evaluate_returns_every_metric_with_its_definition(case):
    where = {"observed": case["observed"], "series": case["series"], "seasonal_error": (case["scale"],) * 2}
    point = ["mae", "rmse", "bias", "mape", "mape_skipped", "smape", "wape", "mase", "mase_left_out", "rmsse"]
    assert list(evaluate(case["y_true"], case["y_pred"], **where)) == point
    bounds = {key: np.stack([case[key]] * 2, axis=2) for key in ("lower", "upper")}
    result = evaluate(case["y_true"], case["y_pred"], **where, **bounds, levels=(80.0, 97.5))
    of_levels = [f"{name}_{level}" for level in ("80", "97.5") for name in ("coverage", "interval_score", "msis")]
    assert list(result) == point + of_levels
    assert all(isinstance(value, float) for value in result.values())
    for key, value in result.items():
        if not key.endswith("_97.5") and key != "mase_left_out":
            assert value == score(key.removesuffix("_80"), case), key
    assert metric_info("interval_score_97.5") is METRICS["interval_score"]
    assert metric_info("mape_skipped") is METRICS["mape_skipped"]


def test_each_row_of_the_table_has_its_function_and_one_line_of_definition():
    for name, info in METRICS.items():
        assert callable(getattr(metrics, name))
        assert info.name
        assert info.definition
        assert "\n" not in info.definition
        assert info.pooled == info.definition.startswith("pooled") or name == "mase_left_out"
