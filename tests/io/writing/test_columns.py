"""Tests of numbers as text: every number as `repr` writes it, whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sampling import examples
from tsforecast.io.writing.columns import number_rows

# Decimals of few digits, as rounding leaves them, and any others.
DECIMALS = st.builds(lambda digits, power: digits / 10**power, st.integers(-(10**9), 10**9), st.integers(0, 15))
FLOATS = st.one_of(DECIMALS, st.integers(-(10**17), 10**17).map(float), st.floats(allow_nan=False))


def written(*columns: list[float]) -> list[str]:
    return [row.decode() for row in number_rows(np.array(columns, np.float64).T.copy())]


@examples(300)
@given(st.lists(FLOATS, min_size=1, max_size=20))
@example([0.0, -0.0, 0.1, 1e-4, 9.999e-5, 1e15, 1e16, 1e22, 5e-324, 1.7976931348623157e308])
@example([9999.0, 10000.0, 100_000_000.0, 1e12, 999_999_999_999.999, 99_999_999.0000001, 20_000.5, 100_010_000.0])
@example([0.5, 0.001, 0.0001, 0.12345678901, 0.123456789012, 1234.0, 0.1 + 0.2, 1 / 3, 2 / 3])
def test_every_number_is_written_as_repr_writes_it(values: list[float]) -> None:
    assert written(values) == [repr(value) for value in values]


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 1e3, 1e6, 1e9, 1e13])
def test_rounded_numbers_of_any_size(scale: float) -> None:
    rng = np.random.default_rng(0)
    values = [float(f"{value:.7g}") for value in scale * rng.normal(size=20_000)]
    assert written(values) == [repr(value) for value in values]


def test_what_is_no_number() -> None:
    table = np.array([[np.nan, 1.5], [np.inf, 2.0], [-np.inf, np.nan]])
    assert number_rows(table) == [b"nan,1.5", b"inf,2.0", b"-inf,nan"]
    assert number_rows(table, lambda value: "null") == [b"null,1.5", b"null,2.0", b"null,null"]
    assert number_rows(table, lambda value: "") == [b",1.5", b",2.0", b","]


def test_rows_of_several_columns() -> None:
    assert written([1.0, 2.5], [-3.0, 1e300], [12345.678, 0.0]) == ["1.0,-3.0,12345.678", "2.5,1e+300,0.0"]


def test_numbers_of_float32() -> None:
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32).astype(np.float64).tolist()
    assert written(values) == [repr(value) for value in values]


def test_no_rows() -> None:
    assert number_rows(np.empty((0, 3))) == []
