"""Tables of cases of which a quick run takes some, and the sweeps the others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


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
