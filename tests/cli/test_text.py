"""Numbers, durations and foreign text as people read them."""

from __future__ import annotations

import pytest

from tsforecast.cli.text import clean, number, percent, seconds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é 東京", "plain text, é 東京"),
        ("\x1b[31mred\x07", "[31mred"),
        ("a\r\nb\tc\u2028d", "a  b c d"),
        ("\u202eevil\x9b\x00", "evil"),
    ],
)
def test_clean(text, shown):
    assert clean(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.123456, "0.1235"), (12.0, "12"), (1234567.8, "1,234,568"), (-2000, "-2,000"), (float("nan"), "-"), (None, "-")],
)
def test_number(value, shown):
    assert number(value) == shown


def test_percent():
    assert (percent(0.1234), percent(0.1234, "+"), percent(-0.5, "+"), percent(None)) == (
        "12.3%",
        "+12.3%",
        "-50.0%",
        "-",
    )


@pytest.mark.parametrize(
    ("value", "shown"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (185.4, "3 min 5 s")]
)
def test_seconds(value, shown):
    assert seconds(value) == shown
