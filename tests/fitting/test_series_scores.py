"""How each series fared, as rows for a file."""

from __future__ import annotations

import numpy as np
import pytest

from tsforecast.fitting.series_scores import METRICS, score_rows, series_scores
from tsforecast.forecast import Intervals


def scores(scored=None):
    """Two windows of series 0, one of series 2, none of series 1; the usual guess is off by two everywhere."""
    y_true = np.array([[10.0, 20.0], [30.0, 40.0], [5.0, 5.0]])
    y_pred = y_true + np.array([[1.0, -3.0], [2.0, 2.0], [0.0, 0.0]])
    made = Intervals(y_pred, (y_pred - 2)[:, :, None], (y_pred + 2)[:, :, None])
    scored = np.ones((3, 2), bool) if scored is None else scored
    return series_scores(
        y_true, made, y_true + 2, scored=scored, series=np.array([0, 0, 2]), scale=np.array([4.0, 1.0, 0.0]), level=0
    )


def test_metrics_are_those_of_the_series():
    found = scores()
    assert found["values"].tolist() == [4, 0, 2]
    assert found["mae"][[0, 2]].tolist() == [2.0, 0.0] and np.isnan(found["mae"][1])
    assert found["rmse"][0] == pytest.approx(np.sqrt(18 / 4))
    assert (found["bias"][0], found["mase"][0], found["skill"][0]) == (0.5, 0.5, 0.0)
    assert found["skill"][2] == 1.0 and np.isnan(found["mase"][2])  # no scale, no MASE
    assert found["coverage_80"][[0, 2]].tolist() == [0.75, 1.0]


def test_steps_that_were_not_observed_do_not_count():
    scored = np.array([[True, False], [False, False], [True, True]])
    found = scores(scored)
    assert (found["values"][0], found["mae"][0]) == (1, 1.0)


def test_rows_begin_with_the_worst_and_leave_out_what_was_not_scored():
    rows = score_rows(scores(), ["a", "b", "c"])
    assert [row["series"] for row in rows] == ["a", "c"]
    assert list(rows[0]) == ["series", "values", *METRICS]
    assert len(score_rows(scores(), ["a", "b", "c"], most=1)) == 1
