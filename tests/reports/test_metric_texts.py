"""Metrics in reports: what says nothing has no row."""

from __future__ import annotations

import pytest

from tsforecast.reports.metric_texts import keys_of


@pytest.mark.parametrize(("left_out", "shown"), [(0.0, False), (2.0, True)])
def test_series_without_mase_are_counted_where_there_are_some(left_out, shown):
    scores = {"gru": {"mase": 0.8, "mae": 1.0, "mase_left_out": left_out}, "naive": {"mae": 2.0, "mase_left_out": 0.0}}
    assert keys_of(scores) == ["mae", "mase", *(["mase_left_out"] if shown else [])]
