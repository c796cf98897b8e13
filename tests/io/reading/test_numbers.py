"""Cells to numbers: which spellings count, which are missing, which are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsforecast.io.column import code_texts
from tsforecast.io.reading.numbers import (
    MISSING_TOKENS,
    NumberFormat,
    Numbers,
    is_number,
    parse_numbers,
    parse_texts,
)


def parse(*texts: str, decimal: str = ".") -> Numbers:
    return parse_numbers(code_texts(texts), NumberFormat(decimal)).by_row()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-1.5", -1.5), ("+2", 2), (".5", 0.5), ("5.", 5), ("1e5", 1e5), ("1E-3", 1e-3), (" 7 ", 7), ("007", 7)],
)
def test_numbers(text, value):
    numbers = parse(text, "1")
    assert numbers.values.tolist() == [value, 1]
    assert not numbers.wrong.size


@pytest.mark.parametrize(
    "text",
    [
        "0x1F",
        "1_000",
        "1,5",
        "1.2.3",
        "--5",
        "e5",
        "inf",
        "-Infinity",
        "1e400",
        "٣",
        "$5",
        "5%",
        "1 000",
        "\u20135",
        "\uff15",
        "True",
    ],
)
def test_what_is_no_finite_number_is_wrong(text):
    numbers = parse("1", "", text, text)
    assert numbers.wrong.tolist() == [2, 3]
    assert np.count_nonzero(~numbers.missing) == 3
    np.testing.assert_array_equal(np.isnan(numbers.values), [False, True, True, True])


@pytest.mark.parametrize(("text", "value"), [("−5", -5), ("5\u00a0", 5), ("\u202f−1.5e3", -1500), ("1e−3", 1e-3)])  # noqa: RUF001
def test_odd_signs_are_read_and_counted(text, value):
    numbers = parse("1", text, "x", text, "é\u00a0")
    np.testing.assert_array_equal(numbers.values, [1, value, np.nan, value, np.nan])
    assert (numbers.odd, numbers.wrong.tolist()) == (2, [2, 4])
    assert parse("1", "x").odd == 0
    values, missing = parse_texts([text])
    assert np.isnan(values[0]) and not missing[0], "whoever does not count them takes them for no numbers"


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "value"),
    [
        ("1,234", ".", ",", 1234),
        ("-1,234,567.5", ".", ",", -1234567.5),
        ("1.234,5", ",", ".", 1234.5),
        ("12", ".", ",", 12),
        ("1 234", ".", " ", 1234),
        ("1\u202f234,5", ",", " ", 1234.5),
        ("1'234", ".", "'", 1234),
        ("1’234", ".", "'", 1234),  # noqa: RUF001
        ("12,34", ".", ",", None),
        ("1234,567", ".", ",", None),
        ("0,123", ".", ",", None),
        (",123", ".", ",", None),
        ("1,,234", ".", ",", None),
        ("1.5", ",", ".", None),
        ("1,234.567,8", ".", ",", None),
    ],
)
def test_thousands(text, decimal, thousands, value):
    numbers = parse_numbers(code_texts([text, "7"]), NumberFormat(decimal, thousands)).by_row()
    assert numbers.values.tolist()[1] == 7
    assert (numbers.values[0] == value) if value is not None else numbers.wrong.tolist() == [0]


@pytest.mark.parametrize("token", [*MISSING_TOKENS, "nan", "NULL", "none", "N/A", " "])
def test_missing_tokens(token):
    for others in (("1", "2"), ("1", "text")):
        numbers = parse(token, *others)
        assert numbers.missing.tolist() == [True, False, False]
        assert np.isnan(numbers.values[0])


def test_decimal_comma():
    numbers = parse("1,5", "NA", "-2", ",5", decimal=",")
    np.testing.assert_array_equal(numbers.values, [1.5, np.nan, -2, 0.5])
    assert parse("1.5", "1,5", decimal=",").wrong.tolist() == [0]
    assert is_number("1,5", ",")
    assert not is_number("1,5")


def test_no_cells_and_only_missing_cells():
    assert parse().values.size == 0
    assert parse("", "NA", decimal=",").missing.all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_floats_are_read_back_exactly(values):
    for decimal in ".,":
        texts = [repr(value).replace(".", decimal) for value in values]
        np.testing.assert_array_equal(parse(*texts, decimal=decimal).values, values)
        np.testing.assert_array_equal(parse(*texts, "text", decimal=decimal).values[:-1], values)


@given(st.lists(st.text(max_size=6)))
def test_any_text_is_a_number_missing_or_wrong(texts):
    numbers = parse(*texts)
    wrong = np.zeros(len(texts), dtype=bool)
    wrong[numbers.wrong] = True
    np.testing.assert_array_equal(np.isnan(numbers.values), numbers.missing | wrong)
    assert not np.any(numbers.missing & wrong)
