"""A trained model, and the recipe to train it again on other rows."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Float32
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.models.calibration import Calibration
from tsforecast.models.forecaster import Forecaster
from tsforecast.models.linear import DEFAULT_RIDGE
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import SHARES, joined_weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.models.training.gradient_flow import GradientProfile
from tsforecast.models.training.patience import Path
from tsforecast.series.windows import ModelRows


@dataclass(frozen=True)
class Recipe:
    """How to train one part again without validation.

    Args:
        member: number of the seed, from 0.
        path: epochs that led to a network's best weights.
        ridge: strength of the linear model or of the network's linear skip.
        start: weights that a network starts from; None for random ones.
    """

    member: int = 0
    path: Path = ()
    ridge: float = DEFAULT_RIDGE
    start: Weights | None = None


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Args:
        spec: what it is.
        weights: its tensors.
        recipes: one for each part.
        epochs: one dict per epoch of every network that was trained for it.
        seconds: spent on training.
        gradients: one profile per epoch of every network, if they were measured.
    """

    spec: ModelSpec
    weights: Weights
    recipes: tuple[Recipe, ...]
    epochs: tuple[dict[str, float | int | str | None], ...] = ()
    seconds: float = 0.0
    gradients: tuple[GradientProfile, ...] = ()

    def forecaster(self, calibration: Calibration) -> Forecaster:
        """The model with calibrated intervals."""
        return Forecaster(self.spec, self.weights, calibration)

    def forecaster_of(self, rows: ModelRows, calibration: Calibration) -> Forecaster:
        """The same of a model that was trained on all of these rows, with a calibration that was learned on some."""
        unit = calibration.unit.learned_on(rows, self.spec.season_length)
        return self.forecaster(replace(calibration, unit=unit))


@dataclass(frozen=True)
class ValidationPeriod:
    """A validation part and the model that was trained on the rows before it.

    Args:
        trained: the model.
        prepared: the rows.
        alone: every candidate for the model, those without a share too.
    """

    trained: Trained
    prepared: Prepared
    alone: tuple[Trained, ...] = ()


@dataclass(frozen=True)
class Learned:
    """A model with the validation that chose it.

    Args:
        plan: the plan with the combination that was chosen.
        periods: first the model, trained on the training part. If the validation part is short, models of the same
            recipe follow, trained on fewer rows. Each comes with the rows that validated it.
    """

    plan: Plan
    periods: tuple[ValidationPeriod, ...]

    @property
    def trained(self) -> Trained:
        """The model."""
        return self.periods[0].trained

    @property
    def prepared(self) -> Prepared:
        """The rows that it was trained on."""
        return self.periods[0].prepared


def alone(part: Part, plan: Plan, weights: Weights, recipe: Recipe) -> Trained:
    """One part as a model of its own."""
    parts = (replace(part, share=1.0),)
    spec = ModelSpec(part.name, plan.horizon, plan.season_length, parts, plan.calendar)
    return Trained(spec, joined_weights([weights]), (recipe,))


def together(
    model: str, learned: list[Trained], shares: tuple[float, ...], of_series: Float32 | None = None
) -> Trained:
    """Several parts as one model; those without a share of any series are left out.

    Args:
        model: its name.
        learned: each part alone.
        shares: of the parts.
        of_series: shares of each series, shape (n_series, parts); None where all share alike.
    """
    of_any = np.asarray(shares) if of_series is None else np.vstack([shares, of_series]).max(axis=0)
    used = np.flatnonzero(of_any > 0).tolist()
    kept = [learned[number] for number in used]
    first = kept[0].spec
    parts = tuple(replace(one.spec.parts[0], share=shares[number]) for number, one in zip(used, kept, strict=True))
    spec = replace(first, name=model, parts=parts, by_series=of_series is not None)
    weights = joined_weights(
        [{name.removeprefix("part0/"): value for name, value in one.weights.items()} for one in kept]
    )
    if of_series is not None:
        weights[SHARES] = of_series[:, used]
    return Trained(spec, weights, tuple(one.recipes[0] for one in kept))


def with_records(trained: Trained, learned: list[Trained], began: float) -> Trained:
    """The model with the epochs and gradients of all networks trained for it, and the seconds since `began`."""
    epochs = tuple(row for one in learned for row in one.epochs)
    gradients = tuple(profile for one in learned for profile in one.gradients)
    return replace(trained, epochs=epochs, gradients=gradients, seconds=time.monotonic() - began)
