"""A panel in model space, and the windows of its parts that a model learns from, is chosen by and is judged on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.fitting.plan import Plan
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import Scaling, fit_scaling
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import WindowIndex, window_index


@dataclass(frozen=True)
class Prepared:
    """A panel in model space, with its split.

    Args:
        panel: in the user's units.
        split: its parts.
        scaling: fitted on the training part.
        values: in model space, float32, without stray values, shape (rows,).
        usable: which values may be learned from: those that were observed and are not stray, shape (rows,).
    """

    panel: Panel
    split: Split
    scaling: Scaling
    values: NDArray[np.float32]
    usable: NDArray[np.bool_]

    def windows(self, part: str, plan: Plan, most: int | None = None) -> WindowIndex:
        """Windows of one part of the split; beyond `most`, evenly spread ones."""
        first, last = self.split.borders(part)
        # Windows of short series are padded; they are scored and calibrated on, whatever was trained on.
        least = plan.min_context if part in ("train", "validation") else 1
        index = window_index(self.panel.offsets, first, last, horizon=plan.horizon, min_context=least)
        return index if most is None else index.at_most(most)


def prepare(panel: Panel, split: Split, plan: Plan) -> Prepared:
    """Fit the scaling on the training part and bring all rows into model space."""
    seen = without_strays(panel, split.train_end)
    scaling = fit_scaling(seen.values, seen.observed, seen.offsets, split.train_end, method=plan.scaler, log=plan.log)
    values = scaling.transform(seen.values, seen.series_of_row)
    return Prepared(panel, split, scaling, values, seen.observed)


def can_fit_linear(prepared: Prepared, plan: Plan) -> bool:
    """Whether any training window has a complete target, without which there is nothing to solve for."""
    index = prepared.windows("train", plan)
    missing = np.concatenate([[0], np.cumsum(~prepared.usable)])
    return bool(np.any(missing[index.origins + plan.horizon] == missing[index.origins]))
