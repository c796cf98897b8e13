"""What a quick run (`make test`) takes a part of, the sweeps more, and `pytest --all` the whole: cases and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, TypeVar

import pytest
from hypothesis import settings

_Value = TypeVar("_Value")
_everything = False
# How many of the examples of a property are drawn: one in so many. conftest.py sets it by what is run.
one_in = 1


def examples(count: int) -> Callable[[Any], Any]:
    """Settings of a property whose examples take long: a quick run draws a quarter of them, the sweeps all."""

    def decorate(test: Any) -> Any:
        return pytest.mark.examples(settings(max_examples=-(-count // one_in))(test))

    return decorate


def take_everything() -> None:
    """From now on nothing is left out; pytest calls this for `--all`, before it reads the tests."""
    global _everything
    _everything = True


def usual(value: _Value, *, full: _Value) -> _Value:
    """How often, or of what, something is done: `value` in a sweep, and `full` with `--all`."""
    return full if _everything else value


def sampled(count: int, *axes: Iterable[Any]) -> list[tuple[Any, ...]]:
    """One in `count` rows of the product of some axes for `parametrize`; with `--all` the whole product.

    The rows are those whose positions along the axes add up to a multiple of `count`. Each value of each axis is among
    them if one of the other axes has at least `count` values.
    """
    rows = product(*(list(enumerate(axis)) for axis in axes))
    return [tuple(value for _, value in row) for row in rows if _everything or _chosen(row, count)]


def every(count: int, *axes: Iterable[Any], sweep: int = 1) -> list[Any]:
    """Rows of the product of some axes for `parametrize`; all but one in `count` of them are sweeps.

    Along each axis the rows that always run move on by one, so that each value of each axis is among them where the
    other axes are long enough. A number above 1 for `sweep` leaves out all but one in so many of the product, and what
    always runs, unless there is `--all`.
    """
    rows = []
    for row in product(*(list(enumerate(axis)) for axis in axes)):
        chosen = _chosen(row, count)
        if chosen or _everything or _chosen(row, sweep):
            rows.append(pytest.param(*(value for _, value in row), marks=() if chosen else pytest.mark.sweep))
    return rows


def _chosen(row: tuple[tuple[int, Any], ...], count: int) -> bool:
    return sum(position for position, _ in row) % count == 0
