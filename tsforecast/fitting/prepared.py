"""A panel in model space, and the windows that a model learns from, is chosen by and is judged on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.fitting.plan import Plan
from tsforecast.models.error_unit import usual_spreads
from tsforecast.series.panel import Panel
from tsforecast.series.scaling import fit_scaling
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import Split
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import ModelRows, WindowIndex, model_rows, window_index


@dataclass(frozen=True)
class Prepared:
    """A panel with its split and its rows in model space.

    Args:
        panel: in the user's units, as it was read.
        split: what is trained on, chosen by, calibrated on and scored on.
        rows: without stray values; the scaling is fitted on the training rows.
    """

    panel: Panel
    split: Split
    rows: ModelRows

    @cached_property
    def _moves(self) -> dict[int, tuple[Float64, Float64]]:
        return {}

    def usual_moves(self, season_length: int) -> tuple[Float64, Float64]:
        """How much each series moves on its training rows, both of shape (n_series,).

        Its usual spread in model space (`usual_spreads`), and its seasonal error in the user's units; found once, as
        every model that is calibrated asks for them.
        """
        if season_length not in self._moves:
            ends = self.split.train_end
            errors, _ = seasonal_errors(self.rows.panel, season_length, ends)
            self._moves[season_length] = usual_spreads(self.rows, ends, season_length), errors
        return self._moves[season_length]

    def windows(self, subset: str, plan: Plan, most: int | None = None) -> WindowIndex:
        """Windows of one subset of the split; beyond `most`, evenly spread ones."""
        first, last = self.split.borders(subset)
        # Windows of short series are padded; they are scored and calibrated on, whatever was trained on.
        least = plan.min_context if subset in ("train", "validation") else 1
        index = window_index(self.panel.offsets, first, last, horizon=plan.horizon, min_context=least)
        return index if most is None else index.at_most(most)


def prepare(panel: Panel, split: Split, plan: Plan) -> Prepared:
    """Fit the scaling on the training rows and bring all rows into model space."""
    seen = without_strays(panel, split.train_end)
    # The median of counts is one of them; their mean is not.
    rounded = plan.training.loss != "mse"
    scaling = fit_scaling(seen, split.train_end, method=plan.scaler, log=plan.log, rounded=rounded)
    scaling = scaling.without(*plan.unread)
    return Prepared(panel, split, model_rows(seen, scaling, calendar=plan.calendar))


def can_fit_linear(prepared: Prepared, plan: Plan) -> bool:
    """Whether any training window has a complete target, without which there is nothing to solve for."""
    index = prepared.windows("train", plan)
    missing = np.concatenate([[0], np.cumsum(~prepared.rows.observed)])
    return bool(np.any(missing[index.origins + plan.horizon] == missing[index.origins]))
