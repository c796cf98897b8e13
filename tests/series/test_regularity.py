"""Regular times score 1, and the wrong reading of a table scores less than the right one."""

import numpy as np
import pandas as pd
import pytest

from tsforecast.series.regularity import Regularity, regularity


def one(stamps) -> Regularity:
    times = np.array(stamps, dtype="datetime64[us]")
    return regularity(np.zeros(times.size, dtype=np.int64), times)


@pytest.mark.parametrize("step", ["s", "15min", "h", "D", "B", "W-SUN", "MS", "ME", "QS", "QE", "YS", "YE"])
def test_a_whole_grid_of_any_step_scores_one(step):
    assert one(pd.date_range("2016-01-29", periods=60, freq=step)).score == 1


def test_months_read_as_days_score_less():
    texts = [f"{month.month}/1/{month.year}" for month in pd.date_range("2016-01-01", periods=48, freq="MS")]
    wrong, right = (one(pd.to_datetime(texts, format=order)) for order in ("%d/%m/%Y", "%m/%d/%Y"))
    assert right.score == 1
    assert wrong.score < 0.1


def test_two_series_are_regular_apart_and_not_together():
    days = pd.date_range("2024-01-01", periods=50).to_numpy()
    stamps = np.concatenate([days, days + np.timedelta64(7, "h")])
    assert regularity(np.repeat([0, 1], 50), stamps).score == 1
    assert regularity(np.zeros(100, dtype=np.int64), stamps).score < 0.9


def test_gaps_and_repeats_cost():
    days = pd.date_range("2024-01-01", periods=50)
    assert one(days.delete([10, 11, 30])).score < 1
    assert one(days.append(days[:5])).repeats == 5
    assert one(days.append(days[:5])).score < 1


def test_a_single_time_is_regular():
    assert one(["2024-01-01"]).score == 1
