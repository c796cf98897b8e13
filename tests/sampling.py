"""What a quick run (`make test`) takes a part of, and the sweeps the whole: tables of cases, and random examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import settings

# How many of the examples of a property are drawn: one in so many. conftest.py sets it by what is run.
one_in = 1


def examples(count: int) -> Callable[[Any], Any]:
    """Settings of a property whose examples take long: a quick run draws a quarter of them, the sweeps all."""

    def decorate(test: Any) -> Any:
        return pytest.mark.examples(settings(max_examples=-(-count // one_in))(test))

    return decorate


def every(count: int, *axes: Iterable[Any]) -> list[Any]:
    """Rows of the product of some axes for `parametrize`; all but one in `count` of them are sweeps.

    Along each axis the rows that always run move on by one, so that each value of each axis is among them where the
    other axes are long enough.
    """
    numbered = [list(enumerate(axis)) for axis in axes]
    rows = []
    for cells in product(*numbered):
        chosen = sum(position for position, _ in cells) % count == 0
        rows.append(pytest.param(*(value for _, value in cells), marks=() if chosen else pytest.mark.sweep))
    return rows
