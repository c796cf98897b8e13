"""Which series of many are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.reports.plots.test_forecast import make_forecast, make_history
from tsforecast.errors import OptionError
from tsforecast.reports.plots.select import caption_of, check_count, picked, relative_widths
from tsforecast.workflows.named import numbers_of

PANEL = make_history(["a", "b", "c"])
PANEL.values[PANEL.offsets[1] : PANEL.offsets[2]] *= -5  # the largest, whatever its sign


@pytest.mark.parametrize(
    ("pick", "most", "expected"),
    [("largest", 9, [1, 2, 0]), ("worst", 2, [2, 0]), ("first", 2, [0, 1])],
)
def test_the_largest_the_worst_and_the_first(pick, most, expected):
    assert picked(pick, PANEL, np.array([1.0, np.nan, 3.0]), most).tolist() == expected


def test_named_series_come_in_the_order_of_their_names():
    assert numbers_of(PANEL, ["c", "a", "c"]).tolist() == [2, 0]
    with pytest.raises(OptionError, match="no series 'aa'; did you mean 'a'"):
        numbers_of(PANEL, ["aa"])
    with pytest.raises(OptionError, match="3 series are named; name 2 at most"):
        check_count(["a", "b", "c"], 2)


def test_the_worst_of_a_forecast_has_the_widest_intervals_for_its_size():
    widths = relative_widths(PANEL, make_forecast(PANEL))
    assert np.argsort(widths).tolist() == [1, 2, 0]
    with pytest.raises(OptionError, match="without intervals"):
        relative_widths(PANEL, make_forecast(PANEL, ()))


def test_what_is_left_out_is_said():
    assert caption_of("largest", 9, 1200) == "The largest 9 of 1,200 series."
    assert caption_of("worst", 1, 2) == "The worst of 2 series."
    assert caption_of("largest", 3, 3) == ""
