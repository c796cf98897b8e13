"""Tests of JSON: sorted keys, and nothing that JSON cannot say."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import numpy as np

from tsforecast.json_output import json_bytes


def test_json_has_sorted_keys_and_no_nan() -> None:
    value = {"b": np.float32(0.5), "a": (1, np.int64(2)), "c": [float("nan"), float("inf")], "ä": np.arange(2)}
    data = json_bytes(value)
    assert json.loads(data) == {"a": [1, 2], "b": 0.5, "c": [None, None], "ä": [0, 1]}
    assert data.decode().startswith('{\n  "a"')
    assert "ä" in data.decode()


def test_moments_are_written_in_utc_to_the_microsecond() -> None:
    moment = datetime(2026, 1, 31, 6, tzinfo=timezone(timedelta(hours=2)))
    assert json.loads(json_bytes([moment])) == ["2026-01-31T04:00:00.000000Z"]
