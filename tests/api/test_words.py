"""Errors in the words of Python."""

from __future__ import annotations

import pytest

import tsforecast
from tests.workflows.conftest import sales
from tsforecast.api.words import spoken


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("give a smaller --horizon or --lookback", "give a smaller horizon= or lookback="),
        ("add --start 2021-01-01 --freq D with it", 'add start="2021-01-01" freq="D" with it'),
        ("or --no-time to number the steps", "or no_time=True to number the steps"),
        ("consider --model linear", 'consider model="linear"'),
        ("or with --transform none", 'or with transform="none"'),
        ("--point mean does", 'point="mean" does'),
        ("--horizon 24.", "horizon=24."),
        ("name it with --tz, such as --tz Europe/Berlin", 'name it with tz=, such as tz="Europe/Berlin"'),
        ("--date-format \"%d %b\"; or '--id-col'", "date_format=\"%d %b\"; or 'id_col='"),
        ("--target-col 'net price'", 'target_col="net price"'),
        ("--unpivot reads the header", "unpivot=True reads the header"),
        ("--sql takes a query", "sql= takes a query"),
        ("--max-rows 10 rows", "max_rows=10 rows"),
        ("--models auto,linear", 'models=["auto", "linear"]'),
        ("--trust-store if you know why", "trusted=True if you know why"),
        ("--future-file next.csv", 'future="next.csv"'),
        ("--level 80", "levels=80"),
        ("--metrics-file, --resume and a-b --- c", "--metrics-file, --resume and a-b --- c"),
        ("fit one first: tsforecast fit DATA", "fit one first: tsforecast.fit(data)"),
    ],
)
def test_options_become_keywords(text, python):
    assert spoken(text) == python


def test_errors_speak_python(tmp_path):
    frame = sales(120)
    with pytest.raises(tsforecast.InputMissingError) as caught:
        tsforecast.predict(store=tmp_path)
    assert caught.value.hint == "fit one first: tsforecast.fit(data)"
    with pytest.raises(tsforecast.DataError, match="a smaller horizon= or lookback=") as caught:
        tsforecast.fit(frame, model="linear", horizon=5000, lookback=24, store=tmp_path)
    assert "--" not in str(caught.value)
