"""Which series of many are drawn: those that are named, else the largest, the worst or the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tsforecast.arrays import Float64, Int64
from tsforecast.errors import OptionError
from tsforecast.forecast import Forecast
from tsforecast.series.panel import Panel

Pick = Literal["largest", "worst", "first"]
MOST = 9  # that can be read side by side on a slide


def check_count(names: Sequence[str], most: int) -> None:
    """Refuse more names than there is room for.

    Raises:
        OptionError: with the number that there is room for.
    """
    if len(set(names)) > most:
        raise OptionError(f"{len(set(names))} series are named", hint=f"name {most} at most for such a picture")


def picked(pick: Pick, panel: Panel, badness: Float64, most: int = MOST) -> Int64:
    """The numbers of at most `most` series, in the order in which they are drawn.

    Args:
        pick: the largest by the mean size of their values, the worst by `badness`, or the first ones.
        panel: all series.
        badness: of each series, NaN where it is not known, shape (n_series,).
        most: how many.
    """
    if pick == "first":
        return np.arange(min(most, panel.n_series))
    by = sizes(panel) if pick == "largest" else badness
    return np.argsort(-np.nan_to_num(by, nan=-1.0), kind="stable")[:most].astype(np.int64)


def caption_of(pick: Pick, drawn: int, total: int) -> str:
    """Which series these are; empty where all are drawn."""
    which = pick if drawn == 1 else f"{pick} {drawn}"
    return "" if drawn == total else f"The {which} of {total:,} series."


def sizes(panel: Panel) -> Float64:
    """Mean absolute value of each series, 0 without rows, shape (n_series,)."""
    sums = np.zeros(panel.n_series)
    np.add.at(sums, panel.series_of_row, np.abs(panel.values))
    return sums / np.maximum(panel.lengths, 1)


def relative_widths(panel: Panel, forecast: Forecast) -> Float64:
    """How wide the narrowest intervals of each series are, as a share of the size of its values, shape (n_series,).

    Raises:
        OptionError: there are no intervals.
    """
    if not forecast.levels:
        raise OptionError("without intervals no series is the worst", hint="pick the largest, or forecast with --level")
    widths = np.mean(forecast.upper[:, :, 0] - forecast.lower[:, :, 0], axis=1)
    return widths / np.maximum(sizes(panel), np.finfo(np.float64).tiny)
