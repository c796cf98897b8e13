"""Durations as they are typed."""

from __future__ import annotations

import click
import pytest

from tsforecast.cli.options.types import DURATION


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("45m", 2700),
        ("26h", 93_600),
        ("7d", 604_800),
        ("1.5h", 5400),
        ("0", 0),
        (" 5m ", 300),
        (90, 90),
        (0.5, 0.5),
    ],
)
def test_units(typed, seconds):
    value = DURATION.convert(typed, None, None)
    assert (value, type(value)) == (seconds, float)


@pytest.mark.parametrize("typed", ["", "h", "-1h", "1 h", "1w", "1h30m", "1e3", "nan", "inf", "٣s", "1.s", ".5s", "1H"])
def test_anything_else_is_refused_with_examples(typed):
    with pytest.raises(click.BadParameter, match=r"write 90s, 45m, 26h or 7d"):
        DURATION.convert(typed, None, None)


def test_longer_than_a_century():
    assert DURATION.convert("36525d", None, None) == 3_155_760_000
    for typed in ("36526d", "9" * 400):
        with pytest.raises(click.BadParameter, match="century"):
            DURATION.convert(typed, None, None)
