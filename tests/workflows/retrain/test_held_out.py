"""The hold-out, its windows and their scores: which rows count, and that the champion forecasts as `predict` does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.conftest import sales
from tests.workflows.cuts import table, take, until, version_of
from tsforecast.fitting.scores import Scorer, naive_forecaster
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.options import FitOptions
from tsforecast.series.frequency import DAY, Frequency
from tsforecast.series.panel import UNKNOWN_SERIES, make_panel
from tsforecast.series.windows import model_rows
from tsforecast.store.load import load_bundle
from tsforecast.workflows.fit import fit
from tsforecast.workflows.predict import predict
from tsforecast.workflows.retrain.held_out import (
    champion_scaling,
    held_out_windows,
    hold_out,
    typical_rows,
    unlearned_fact,
    unseen_rows,
)

DAILY = Frequency("fixed", DAY)
quick = settings(max_examples=60)


def panel_of(lengths, *, starts=None, seed=0):
    rng = np.random.default_rng(seed)
    series = [100 + 20 * np.sin(np.arange(n) * 2 * np.pi / 7) + rng.normal(0, 3, n) for n in lengths]
    return make_panel(series, DAILY, ids=[(str(i),) for i in range(len(lengths))], starts=starts)


def naive_score(panel, windows, begins, horizon=3):
    return Scorer(panel, windows, 7, begins).score(*naive_forecaster(panel, horizon, 7))


@st.composite
def cases(draw):
    """A ragged panel with gaps, where each series' hold-out begins, and a horizon."""
    lengths = draw(st.lists(st.integers(2, 30), min_size=1, max_size=5))
    panel = panel_of(lengths)
    observed = np.random.default_rng(draw(st.integers(0, 999))).random(len(panel.values)) > 0.2
    begins = np.array([draw(st.integers(1, n)) for n in lengths])
    return replace(panel, observed=observed), begins, draw(st.integers(1, 12))


@quick
@given(cases())
def test_each_held_out_row_is_forecast_from_every_lead(case):
    panel, begins, horizon = case
    windows = held_out_windows(panel, begins, horizon)
    origins = np.repeat(windows.index.origins[:, None], horizon, axis=1)
    scored = list(zip(windows.rows[windows.scored].tolist(), origins[windows.scored].tolist(), strict=True))
    expected = [
        (start + row, start + row - lead)
        for start, length, begin in zip(
            panel.offsets[:-1].tolist(), panel.lengths.tolist(), begins.tolist(), strict=True
        )
        for row in range(begin, length)
        for lead in range(horizon)
        if panel.observed[start + row] and row - lead >= 1
    ]
    assert sorted(scored) == sorted(expected)
    assert panel.between(begins, panel.lengths).observed.sum() == len({row for row, _ in scored})
    # Each window lies in its series, and none is there twice.
    assert np.all(panel.series_of_row[windows.index.origins] == windows.index.series)
    assert len(np.unique(windows.index.origins)) == len(windows.index)


def test_many_windows_are_thinned_evenly():
    panel = panel_of([50] * 40)
    windows = held_out_windows(panel, np.full(40, 40), 5, most=100)
    assert len(windows.index) == 100
    assert set(windows.index.series.tolist()) == set(range(40))


@quick
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=6), st.integers(1, 20))
def test_the_hold_out_is_what_is_unseen_and_leaves_a_row(sizes, most):
    lengths, unseen = np.array([length for length, _ in sizes]), np.array([min(pair) for pair in sizes])
    begins = hold_out(panel_of(lengths.tolist()), unseen, most)
    assert np.all(begins >= 1)
    assert np.array_equal(lengths - begins, np.minimum(lengths - 1, np.minimum(most, unseen)))


def test_new_rows_come_after_the_last_that_the_champion_knows():
    panel = panel_of([100, 100, 80, 40], starts=[0, 0, 0, 60])
    champion = version_of(table(until(take(panel, [0, 1, 2]), 90)))
    numbers = panel.numbers_in(champion.recent.ids)
    assert numbers.tolist() == [0, 1, 2, UNKNOWN_SERIES]
    assert panel.rows_after(numbers, champion.recent.ends).tolist() == [10, 10, 0, 40]
    # A table of the newest rows alone has as many new ones.
    recent = panel.between(panel.lengths - 15, panel.lengths)
    assert recent.rows_after(numbers, champion.recent.ends).tolist() == [10, 10, 0, 15]


def typical_new(panel, champion):
    numbers = panel.numbers_in(champion.recent.ids)
    return typical_rows(panel.rows_after(numbers, champion.recent.ends), numbers, champion)


def test_unseen_rows_are_the_new_ones_and_those_held_out_before():
    panel = panel_of([100, 100, 80, 40], starts=[0, 0, 0, 60])
    champion = version_of(table(until(take(panel, [0, 1, 2]), 90)))
    numbers = panel.numbers_in(champion.recent.ids)
    assert unseen_rows(panel, numbers, champion).tolist() == [10, 10, 0, 40]
    for stated, unseen in ((28, [38, 38, 0, 40]), ([28, 3, 28], [38, 13, 0, 40]), ([28, 3], [10, 10, 0, 40])):
        told = replace(champion, provenance={"unlearned_rows": stated})
        assert unseen_rows(panel, numbers, told).tolist() == unseen
    assert unlearned_fact(np.array([28, 28])) == 28 and unlearned_fact(np.array([28, 3])) == [28, 3]


def test_errors_by_row_have_the_mean_that_is_reported():
    panel = panel_of([60, 60])
    begins = np.array([50, 50])
    made = naive_score(panel, held_out_windows(panel, begins, 3), begins, 3)
    assert made.errors.shape == (10,)
    assert made.errors.mean() == pytest.approx(made.metrics["mase"])
    alone = panel_of([60])
    made = naive_score(alone, held_out_windows(alone, begins[:1], 3), begins[:1], 3)
    assert made.errors.mean() == pytest.approx(made.metrics["mae"])
    # The oldest row comes first; of one that nobody observed there is no error.
    gap = replace(panel, observed=np.arange(120) % 60 != 51)
    made = naive_score(gap, held_out_windows(gap, begins, 3), begins, 3)
    assert np.flatnonzero(np.isnan(made.errors)).tolist() == [1]


def test_the_typical_series_is_one_that_goes_on():
    ended = panel_of([100, 40, 40, 40], starts=[0] * 4)
    champion = version_of(table(until(ended, 90)))
    assert typical_new(ended, champion) == 10
    halted = panel_of([100, 90, 90], starts=[0] * 3)
    champion = version_of(table(until(halted, 90)))
    assert typical_new(halted, champion) == 0
    others = replace(ended, ids=tuple((f"x{i}",) for i in range(4)))
    champion = version_of(table(until(ended, 90)))
    assert typical_new(others, champion) == 40


OPTIONS = {
    "linear": FitOptions(model="linear", horizon=7, transform="none"),
    "seasonal-naive": FitOptions(model="seasonal-naive", horizon=7),
    "gru": FitOptions(
        model="gru", preset="fast", horizon=7, units=4, epochs=1, lookback=14, normalisation="last", linear_skip="off"
    ),
    "auto": FitOptions(preset="fast", horizon=7, units=4, epochs=1, lookback=14, linear_skip="on", transform="log"),
}


@pytest.mark.usefixtures("shared_graphs")
@pytest.mark.parametrize("model", list(OPTIONS))
def test_the_champion_forecasts_as_predict_does(model, tmp_path):
    frame = sales(300, shops=("a", "b", "c"))
    old = frame[(frame["shop"] != "c") & (frame["date"] < "2023-09-01")]
    fitted = fit(old, options=OPTIONS[model], store=tmp_path, name="m")
    champion, panel = load_bundle(fitted.path), read_panel(frame).panel
    numbers = panel.numbers_in(champion.recent.ids)
    assert numbers.tolist() == [0, 1, UNKNOWN_SERIES]
    begins = hold_out(panel, panel.rows_after(numbers, champion.recent.ends), 30)
    windows = held_out_windows(panel, begins, 7)
    scorer = Scorer(panel, windows, 7, begins)
    scaling = champion_scaling(champion, panel, numbers, begins)
    made = scorer.forecasts(champion.forecaster, model_rows(scorer.seen, scaling, numbers))
    # Where a network's quantiles nearly meet, its bounds magnify what rounding there is.
    close = 1e-3 if champion.spec.quantiles != (0.5,) else 1e-6
    # A new series has the scaling of its rows before the hold-out, so it is compared where that begins.
    for series, later in ((0, 0), (0, 9), (1, 28), (2, 0)):
        origin = int(begins[series]) + later
        rows = frame[frame["shop"] == panel.ids[series][0]].iloc[:origin]
        expected = predict(rows, store=tmp_path, name="m", calibration="fixed").forecast
        # The products of matrices round differently with the number of windows.
        (number,) = np.flatnonzero(windows.index.origins == panel.offsets[series] + origin)
        assert np.allclose(made.y_pred[number], expected.y_pred[0], rtol=1e-6, atol=0)
        # `predict` holds what lies far beyond all known values; a score counts it.
        lower, upper = made.lower[number], made.upper[number]
        if expected.far:
            lower, upper = np.maximum(lower, expected.lower[0]), np.minimum(upper, expected.upper[0])
        assert np.allclose(lower, expected.lower[0], rtol=close, atol=0)
        assert np.allclose(upper, expected.upper[0], rtol=close, atol=0)


def test_the_seasonal_naive_and_its_error():
    panel = panel_of([60, 45])
    begins = np.array([50, 40])
    windows = held_out_windows(panel, begins, 3)
    scores = naive_score(panel, windows, begins, 3).metrics
    expected = []
    for number in (0, 1):
        values, begin = panel.series(number), int(begins[number])
        unit = np.abs(values[7:begin] - values[: begin - 7]).mean()
        # Each of three leads sees last week's value.
        errors = [np.mean([abs(values[i] - values[i - 7]) for i in range(begin, len(values))]) for _ in range(3)]
        expected.append(np.mean(errors) / unit)
    assert scores["mase"] == pytest.approx(np.mean(expected), rel=1e-5)


def test_steps_beyond_a_shorter_horizon_do_not_count():
    panel = panel_of([60])
    begins = np.array([50])
    windows = held_out_windows(panel, begins, 3)
    long, short = (naive_score(panel, windows, begins, h).metrics for h in (14, 3))
    assert long["mae"] == short["mae"]
    assert windows.rows.shape[1] == 3


def test_a_level_does_not_blur_the_seasonal_naive():
    panel, begins = panel_of([60, 45]), np.array([50, 40])
    raised = replace(panel, values=panel.values + 1e9)
    low, high = (naive_score(one, held_out_windows(one, begins, 3), begins, 3).metrics for one in (panel, raised))
    for metric in ("mae", "mase", "rmsse"):
        assert high[metric] == pytest.approx(low[metric], rel=1e-4)


def test_a_stray_value_is_not_repeated():
    panel, begins = panel_of([60]), np.array([50])
    windows = held_out_windows(panel, begins, 3)
    spoilt = replace(panel, values=panel.values.copy())
    spoilt.values[46] = 1e12
    assert naive_score(spoilt, windows, begins, 3).metrics["mae"] < 20
