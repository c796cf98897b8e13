"""Series that are named, as messages name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tsforecast.arrays import Int64
from tsforecast.errors import OptionError, did_you_mean
from tsforecast.safe_text import shown
from tsforecast.series.panel import Panel


def as_names(names: str | Iterable[str]) -> tuple[str, ...]:
    """Names that are given as one text or as several."""
    return (names,) if isinstance(names, str) else tuple(names)


def numbers_of(panel: Panel, names: Sequence[str]) -> Int64:
    """The numbers of the series of some names, which are those that messages show.

    Raises:
        OptionError: there is no such series.
    """
    known = {panel.label(number): number for number in range(panel.n_series)}
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise="`tsforecast describe` lists the series of a table")
            raise OptionError(f"there is no series '{shown(name)}'", hint=hint)
    return np.array([known[name] for name in dict.fromkeys(names)], dtype=np.int64)
