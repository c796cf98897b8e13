"""Which text columns tell the series of a table apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tsforecast.io.numbers import Texts

# Fewer repeated times than this share of the rows are slips, not several series.
_SLIPS_SHARE = 0.05
# A text that differs in nearly every row is a remark, not the name of a series.
_FEWEST_ROWS_PER_SERIES = 2

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Ids:
    """Id columns, and the number of rows that still repeat a time of their series."""

    names: tuple[str, ...]
    repeats: int


def slips(rows: int) -> int:
    """As many repeated times are taken for mistakes in the data."""
    return int(_SLIPS_SHARE * rows)


def codes_of(values: NDArray[Any] | Texts) -> Codes:
    """A number for each distinct value, in the order of first appearance; shape (rows,)."""
    return pd.factorize(values, use_na_sentinel=False)[0].astype(np.int64)


def given_ids(times: Codes, texts: dict[str, Codes]) -> Ids:
    """The id columns that the user named."""
    return Ids(tuple(texts), _repeats([*texts.values(), times]))


def find_ids(times: Codes, texts: dict[str, Codes]) -> Ids:
    """The first column that alone makes each time unique, else the smallest leading set that does.

    Args:
        times: a number for each distinct time, shape (rows,).
        texts: the same for each column that may be an id.

    Returns:
        The ids, none where times do not repeat. A few repeated times in spite of the ids are left to be reported.
    """
    none = Ids((), _repeats([times]))
    if none.repeats <= slips(times.size):
        return none
    names = tuple(texts)
    leading = [names[:size] for size in range(2, len(names) + 1)]
    nearly = none
    for candidate in [*((name,) for name in names), *leading]:
        chosen = [texts[name] for name in candidate]
        n_series = times.size - _repeats(chosen)
        if n_series * _FEWEST_ROWS_PER_SERIES > times.size:
            continue
        repeats = _repeats([*chosen, times])
        if repeats == 0:
            return Ids(candidate, 0)
        if repeats <= slips(times.size) and not nearly.names:
            nearly = Ids(candidate, repeats)
    return nearly


def _repeats(codes: Sequence[Codes]) -> int:
    """Rows whose combination of codes stands in an earlier row already."""
    joint = _joint(codes)
    return int(joint.size - pd.unique(joint).size)


def _joint(codes: Sequence[Codes]) -> Codes:
    joint = codes[0]
    for more in codes[1:]:
        joint = codes_of(joint * (int(more.max()) + 1) + more)
    return joint


def number_series(ids: Sequence[Texts], rows: int) -> tuple[Codes, list[tuple[str, ...]]]:
    """Number the series in the order of their ids.

    Args:
        ids: texts of each id column, each of shape (rows,); empty for a single series.
        rows: of the table.

    Returns:
        The number of each row's series, shape (rows,), and the ids of each series.
    """
    series, keys = np.zeros(rows, dtype=np.int64), [()]
    names: list[tuple[str, ...]] = list(keys)
    for texts in ids:
        codes, distinct = pd.factorize(texts, sort=True)
        joint, series = np.unique(series * len(distinct) + codes, return_inverse=True)
        names = [(*names[int(key) // len(distinct)], str(distinct[int(key) % len(distinct)])) for key in joint]
    return series.astype(np.int64), names
