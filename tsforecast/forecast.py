"""Forecasts in the user's units: what every model gives in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64, Int64


@dataclass(frozen=True)
class Intervals:
    """Point forecasts and calibrated intervals in the user's units.

    Args:
        y_pred: shape (samples, horizon).
        lower: shape (samples, horizon, levels).
        upper: shape (samples, horizon, levels).
    """

    y_pred: Float64
    lower: Float64
    upper: Float64


@dataclass(frozen=True)
class Joint:
    """What is asked of a forecast beside the values of single steps.

    Args:
        total: whether sums over the horizon are wanted.
        above: threshold, of which it is wanted how likely values lie above it; None for none.
    """

    total: bool = False
    above: float | None = None


NOTHING_JOINT = Joint()


@dataclass(frozen=True)
class Above:
    """How likely values lie above a threshold.

    Args:
        threshold: in the user's units.
        probability: from 0 to 1, shape (n_series, horizon).
    """

    threshold: float
    probability: Float64


@dataclass(frozen=True)
class Forecast:
    """Forecasts of many series in the user's units.

    Args:
        ids: one tuple of texts per series, shape (n_series,).
        starts: ordinal of the first step forecast, shape (n_series,).
        y_pred: shape (n_series, horizon).
        levels: of the intervals in percent, ascending, such as (80.0, 95.0).
        lower: shape (n_series, horizon, levels).
        upper: shape (n_series, horizon, levels).
        held: series whose forecasts, fed back, were held within what their values support.
        far: other series whose intervals were held there.
        what_if: the same steps in another scenario of what is known ahead; None where none was asked for.
        above: how likely the values lie above a threshold; None where none was asked for.
        total: sums over the horizon, as a forecast of one step; None where none were asked for.
    """

    ids: tuple[tuple[str, ...], ...]
    starts: Int64
    y_pred: Float64
    levels: tuple[float, ...]
    lower: Float64
    upper: Float64
    held: int = 0
    far: int = 0
    what_if: Forecast | None = None
    above: Above | None = None
    total: Forecast | None = None

    @property
    def horizon(self) -> int:
        return self.y_pred.shape[1]


def whole(blocks: Sequence[Forecast]) -> Forecast:
    """One forecast of blocks of series, in their order."""
    made = joined(blocks)
    others = [block.what_if for block in blocks if block.what_if is not None]
    above = [block.above for block in blocks if block.above is not None]
    totals = [block.total for block in blocks if block.total is not None]
    return Forecast(
        ids=tuple(key for block in blocks for key in block.ids),
        starts=np.concatenate([block.starts for block in blocks]),
        y_pred=made.y_pred,
        levels=blocks[0].levels,
        lower=made.lower,
        upper=made.upper,
        held=sum(block.held for block in blocks),
        far=sum(block.far for block in blocks),
        what_if=whole(others) if others else None,
        above=Above(above[0].threshold, np.concatenate([one.probability for one in above])) if above else None,
        total=whole(totals) if totals else None,
    )


def joined(batches: Sequence[Intervals | Forecast]) -> Intervals:
    """The intervals of one batch after the other."""
    return Intervals(
        *(np.concatenate([getattr(batch, name) for batch in batches]) for name in ("y_pred", "lower", "upper"))
    )
