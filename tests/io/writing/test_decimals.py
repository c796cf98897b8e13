"""Tests of numbers as text: every number as `repr` writes it, whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.io.writing.decimals import number_rows

# Decimals of few digits, as rounding leaves them, and any others.
DECIMALS = st.builds(lambda digits, power: digits / 10**power, st.integers(-(10**9), 10**9), st.integers(0, 15))
FLOATS = st.one_of(DECIMALS, st.integers(-(10**17), 10**17).map(float), st.floats(allow_nan=False))


def written(*columns: list[float]) -> list[str]:
    arrays = [np.array(column, np.float64) for column in columns]
    text = number_rows(arrays, ["", *[","] * (len(columns) - 1)], "\n")
    return text.decode().splitlines()


@examples(300)
@given(st.lists(FLOATS, min_size=1, max_size=20))
@example([0.0, -0.0, 0.1, 1e-4, 9.999e-5, 1e15, 1e16, 1e22, 5e-324, 1.7976931348623157e308])
@example([9999.0, 10000.0, 100_000_000.0, 1e12, 999_999_999_999.999, 99_999_999.0000001, 20_000.5, 100_010_000.0])
@example([0.5, 0.001, 0.0001, 0.12345678901, 0.123456789012, 1234.0, 0.1 + 0.2, 1 / 3, 2 / 3])
def test_every_number_is_written_as_repr_writes_it(values: list[float]) -> None:
    assert written(values) == [repr(value) for value in values]
    # On its own a number is taken apart in another way than beside larger ones.
    assert [written([value])[0] for value in values] == [repr(value) for value in values]


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 1e3, 1e6, 1e9, 1e13])
def test_rounded_numbers_of_any_size(scale: float) -> None:
    rng = np.random.default_rng(0)
    values = [float(f"{value:.7g}") for value in scale * rng.normal(size=20_000)]
    assert written(values) == [repr(value) for value in values]


def test_what_is_no_number() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 1.5])
    assert number_rows([values], [""], " ") == b"nan inf -inf 1.5 "
    assert number_rows([values[:3]], [""], " ", not_finite=lambda value: "null") == b"null null null "
    assert number_rows([values], [""], " ", not_finite=lambda value: "") == b"   1.5 "


def test_rows_of_several_columns() -> None:
    columns = [[1.0, 2.5], [-3.0, 1e300], [12345.678, 0.0]]
    assert written(*columns) == ["1.0,-3.0,12345.678", "2.5,1e+300,0.0"]
    arrays = [np.array(column) for column in columns[:2]]
    text = number_rows(arrays, ['"forecast": ', ', "lower": '], "}\n")
    assert text == b'"forecast": 1.0, "lower": -3.0}\n"forecast": 2.5, "lower": 1e+300}\n'


def test_no_rows() -> None:
    assert written([]) == []
