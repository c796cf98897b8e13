"""Marks that may part decimals or thousands: when they are doubted, and what is proposed."""

from __future__ import annotations

import pytest

from tsforecast.errors import OptionError
from tsforecast.io.reading.columns.marks import is_with_unit, mark_hint, may_group
from tsforecast.io.reading.numbers import NumberFormat, choose_decimal, shows_decimals


@pytest.mark.parametrize(
    ("texts", "mark", "doubted"),
    [
        (["1,234", "999"], ",", True),
        (["1,234", "5,678"], ",", False),
        (["1,234", "5678"], ",", False),
        (["1", "2"], ",", False),
        (["1.234", "999"], ".", True),
        (["1.234", "5.678"], ".", False),
        (["1.234", "5678"], ".", False),
        ([], ".", False),
    ],
)
def test_what_may_separate_thousands(texts, mark, doubted):
    assert may_group(texts, mark) is doubted


@pytest.mark.parametrize("text", ["0.5", "1.25", "0.123", "1234.567", "1.2345", ".5", "5.", "1.234e3"])
def test_what_shows_decimals(text):
    assert shows_decimals(text, ".")


@pytest.mark.parametrize("text", ["1.234", "-12.345", "1.234.567", "5"])
def test_what_shows_none(text):
    assert not shows_decimals(text, ".")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1,234", "if a comma separates thousands add --thousands ,, if it marks decimals add --decimal ,"),
        ("1,234.5", "write numbers without thousands separators, or add --thousands ,"),
        ("1.234,5", "write numbers without thousands separators, or add --thousands ."),
        ("1,234,567", "write numbers without thousands separators, or add --thousands ,"),
        ("1 234", 'write numbers without thousands separators, or add --thousands " "'),
        ("1\u00a0234", 'write numbers without thousands separators, or add --thousands " "'),
        ("1'234", 'write numbers without thousands separators, or add --thousands "\'"'),
        ("1,5", "for a decimal comma add --decimal ,"),
        ("x", None),
    ],
)
def test_hints(text, hint):
    assert mark_hint(text, [], NumberFormat(), fixed=False) == hint


def test_marks_that_two_options_leave():
    assert choose_decimal(None, None) is None
    assert choose_decimal(",", None) == ","
    assert choose_decimal(None, ",") == "."
    assert choose_decimal(None, ".") == ","
    assert choose_decimal(None, " ") is None
    assert choose_decimal(",", " ") == ","
    for decimal, thousands in ((",", ","), (".", "."), (None, "x"), (None, "")):
        with pytest.raises(OptionError, match="thousands"):
            choose_decimal(decimal, thousands)


@pytest.mark.parametrize("text", ["$5", "5%", "5 kWh", "1,234", "-3 €", "€ 1.5", "~5"])
def test_numbers_in_company(text):
    assert is_with_unit(text)


@pytest.mark.parametrize("text", ["", "north", "5th of May", "no. 5", "A12", "12 Main Street", "2024-01-01"])
def test_other_texts(text):
    assert not is_with_unit(text)
