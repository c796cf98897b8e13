"""From a panel and a plan to a trained model: scaling, windows, training of any model of the table.

Nothing here looks at rows after the training and validation parts of the split it is given; calibration reads the
calibration part, and nothing else does.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.calibration import Calibration, calibrate, scores_of, window_spread
from tsforecast.models.course import Path
from tsforecast.models.events import Message, Report
from tsforecast.models.forecasting import ensemble_weights, predict_windows
from tsforecast.models.linear import DEFAULT_RIDGE, fit_linear
from tsforecast.models.plan import CLEARLY, Choice, Plan
from tsforecast.models.spec import ModelSpec, Weights
from tsforecast.scaling import Scaling, fit_scaling
from tsforecast.series import Panel
from tsforecast.split import Split
from tsforecast.windows import WindowIndex, batches, window_index

if TYPE_CHECKING:
    from tsforecast.models.training import TrainedNetwork

# Windows that validation, calibration and scores rest on at most, evenly spread over their part.
MAX_VALIDATION, MAX_CALIBRATION = 8192, 8192
MAX_RIDGE = 2048
_MAX_LINEAR = 60_000


@dataclass(frozen=True)
class Prepared:
    """A panel in model space, with its split.

    Args:
        panel: in the user's units.
        split: its parts.
        scaling: fitted on the training part.
        values: in model space, float32, shape (rows,).
    """

    panel: Panel
    split: Split
    scaling: Scaling
    values: NDArray[np.float32]

    def windows(self, part: str, plan: Plan, most: int | None = None) -> WindowIndex:
        """Windows of one part of the split; beyond `most`, evenly spread ones."""
        first, last = self.split.borders(part)
        # Windows of short series are padded; they are scored and calibrated on, whatever was trained on.
        least = plan.min_context if part in ("train", "validation") else 1
        index = window_index(self.panel.offsets, first, last, horizon=plan.horizon, min_context=least)
        return index if most is None else index.thin(most)


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Args:
        spec: what it is.
        weights: its tensors.
        history: one dict per epoch of every member.
        paths: the epochs that led to the weights, for each member.
        ridge: strength of the linear model or of the network's linear skip.
        seconds: spent on training.
    """

    spec: ModelSpec
    weights: Weights
    history: tuple[dict[str, float | int | str | None], ...] = ()
    paths: tuple[Path, ...] = ()
    ridge: float = DEFAULT_RIDGE
    seconds: float = 0.0


def prepare(panel: Panel, split: Split, plan: Plan) -> Prepared:
    """Fit the scaling on the training part and bring all rows into model space."""
    scaling = fit_scaling(
        panel.values, panel.observed, panel.offsets, split.train_end, method=plan.scaler, log=plan.log
    )
    return Prepared(panel, split, scaling, scaling.transform(panel.values, panel.series_of_row))


def train_model(
    model: str,
    prepared: Prepared,
    plan: Plan,
    report: Report,
    *,
    deadline: float = math.inf,
) -> tuple[Trained, Plan]:
    """Train any model of the table, and choose among the plan's candidates where it is a network.

    Args:
        model: its name.
        prepared: the data; windows of the training part are learned from, those of the validation part choose.
        plan: what was decided.
        report: receives the progress of a network.
        deadline: moment on time.monotonic() at which training has to stop.

    Returns:
        The model, and the plan with the network that was chosen.
    """
    if plan.spec(model).network is None:
        return _train_simple(model, prepared, plan, DEFAULT_RIDGE), plan
    began = time.monotonic()
    session = _Session(prepared, plan, report, deadline)
    first, plan = session.choose(plan)
    rest = [session.train(plan.spec(model), number) for number in range(1, plan.training.members)]
    return session.together(plan.spec(model), [first, *rest], time.monotonic() - began), plan


def train_again(
    prepared: Prepared, plan: Plan, before: Trained, report: Report, *, deadline: float = math.inf
) -> Trained:
    """Train the chosen model anew on the whole of `prepared`, along the epochs that led to the best weights before."""
    if before.spec.network is None:
        return _train_simple(before.spec.name, prepared, plan, before.ridge)
    began = time.monotonic()
    session = _Session(prepared, plan, report, deadline, before)
    members = [session.train(before.spec, number) for number in range(before.spec.members)]
    return session.together(before.spec, members, time.monotonic() - began)


def _train_simple(model: str, prepared: Prepared, plan: Plan, ridge: float) -> Trained:
    """A baseline learns nothing; the linear model is solved in closed form."""
    began = time.monotonic()
    weights: Weights = {}
    if model == "linear":
        weights, ridge = _ridge(prepared, plan, "last", ridge)
    return Trained(plan.spec(model), weights, ridge=ridge, seconds=time.monotonic() - began)


class _Session:
    """Training runs of networks on the same data, with what they share and what they leave in the history."""

    def __init__(
        self, prepared: Prepared, plan: Plan, report: Report, deadline: float, before: Trained | None = None
    ) -> None:
        from tsforecast.models import engine

        engine.start(plan.training.threads)
        self.device = engine.choose_device(plan.training.device)
        self.prepared, self.plan, self.report = prepared, plan, report
        self.deadline = deadline
        self.phase = "final training on all rows" if before else "training"
        self.paths = before.paths if before else ()
        self.ridge = before.ridge if before else DEFAULT_RIDGE
        self.skip: Weights | None = None
        self.runs_left = len(plan.candidates) - 1 + plan.training.members
        self.history: list[dict[str, float | int | str | None]] = []
        self.train_windows = prepared.windows("train", plan)
        self.validation_windows = prepared.windows("validation", plan, 0 if before else MAX_VALIDATION)

    def choose(self, plan: Plan) -> tuple[TrainedNetwork, Plan]:
        """Train the first member of every candidate; the least validation loss goes on, a skip only clearly."""
        if len(plan.candidates) > 1 and not can_fit_linear(self.prepared, plan):
            plan = replace(plan, candidates=tuple(c for c in plan.candidates if not c.linear_skip))
        if len(plan.candidates) == 1 or not len(self.validation_windows):
            self.runs_left = plan.training.members
            plan = replace(plan, candidates=plan.candidates[:1])
            return self.train(plan.spec(plan.model), 0), plan
        trials = []
        for network in plan.candidates:
            variant = f", {'with' if network.linear_skip else 'without'} linear skip"
            trials.append(self.train(replace(plan, candidates=(network,)).spec(plan.model), 0, variant))
        losses = [trial.validation_loss for trial in trials]
        # The strength of the skip's ridge is chosen on the same windows, which flatters it: it must win clearly.
        handicaps = [1 + CLEARLY if network.linear_skip else 1 for network in plan.candidates]
        best = int(np.argmin(np.multiply(losses, handicaps)))
        value = "on" if plan.candidates[best].linear_skip else "off"
        reason = f"validation loss {losses[0]:.4g} with it, {losses[1]:.4g} without"
        choice = Choice("linear_skip", value, reason)
        self.report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
        return trials[best], plan.choose(plan.candidates[best], choice)

    def train(self, spec: ModelSpec, number: int, variant: str = "") -> TrainedNetwork:
        """Train one member of a network."""
        from tsforecast.models.training import Run, TrainingData, member_seeds, train

        assert spec.network is not None  # noqa: S101  (for the type checker)
        training, panel = self.plan.training, self.prepared.panel
        phase = self.phase + variant
        if spec.members > 1:
            phase = f"{phase}, member {number + 1} of {spec.members}"
        if spec.network.linear_skip and self.skip is None:
            self.skip, self.ridge = _ridge(self.prepared, self.plan, spec.network.normalisation, self.ridge)
        data = TrainingData(
            values=self.prepared.values,
            observed=panel.observed,
            offsets=panel.offsets,
            train=self.train_windows,
            validation=self.validation_windows,
            skip=self.skip if spec.network.linear_skip else None,
        )
        run = Run(
            phase=phase,
            member=number,
            seed=list(member_seeds(training.seed, spec.members))[number],
            replay=self.paths[number] if self.paths else (),
            deadline=_share(self.deadline, self.runs_left),
        )
        self.runs_left -= 1
        trained = train(data, spec.network, training, run, device=self.device, report=self.report)
        self.history += [{"phase": phase, **vars(record)} for record in trained.history]
        return trained

    def together(self, spec: ModelSpec, members: list[TrainedNetwork], seconds: float) -> Trained:
        """The members as one model."""
        return Trained(
            spec,
            ensemble_weights([member.weights for member in members]),
            tuple(self.history),
            tuple(member.path for member in members),
            self.ridge,
            seconds,
        )


def can_fit_linear(prepared: Prepared, plan: Plan) -> bool:
    """Whether any training window has a complete target, without which there is nothing to solve for."""
    index = prepared.windows("train", plan)
    missing = np.concatenate([[0], np.cumsum(~prepared.panel.observed)])
    return bool(np.any(missing[index.origins + plan.horizon] == missing[index.origins]))


def _ridge(prepared: Prepared, plan: Plan, normalisation: str, ridge: float) -> tuple[Weights, float]:
    """A linear map from windows to horizons; its strength is chosen on validation windows, `ridge` without any."""
    panel = prepared.panel
    train, validation = (
        batches(prepared.values, panel.observed, panel.offsets, index, lookback=plan.lookback, horizon=plan.horizon)
        for index in (prepared.windows("train", plan, _MAX_LINEAR), prepared.windows("validation", plan, MAX_RIDGE))
    )
    return fit_linear(
        train, plan.lookback, plan.horizon, validation=validation, ridge=ridge, normalisation=normalisation
    )


def _share(deadline: float, remaining: int) -> float:
    """The moment at which the next of `remaining` runs has used its share of the time left."""
    now = time.monotonic()
    return now + (deadline - now) / remaining


def predict_index(trained: Trained, prepared: Prepared, index: WindowIndex) -> NDArray[np.float32]:
    """Forecast windows of the panel in model space, shape (samples, horizon, levels)."""
    spec = trained.spec
    panel = prepared.panel
    parts = [
        predict_windows(spec, trained.weights, batch.context, batch.mask, batch.series)
        for batch in batches(
            prepared.values, panel.observed, panel.offsets, index, lookback=spec.lookback, horizon=spec.horizon
        )
    ]
    return np.concatenate(parts) if parts else np.empty((0, spec.horizon, len(spec.levels)), np.float32)


def spread_index(trained: Trained, prepared: Prepared, index: WindowIndex) -> NDArray[np.float64]:
    """Spread of each window in model space, shape (samples, 1): the unit of a point model's scores."""
    spec, panel = trained.spec, prepared.panel
    shapes = {"lookback": spec.lookback, "horizon": spec.horizon}
    parts = [
        window_spread(batch.context, batch.mask, spec.season_length)
        for batch in batches(prepared.values, panel.observed, panel.offsets, index, **shapes)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 1))


def calibrate_model(trained: Trained, prepared: Prepared, plan: Plan) -> Calibration:
    """Calibrate intervals on the calibration windows; where there are none, on those that the model chose by."""
    part = "calibration"
    index = prepared.windows(part, plan, MAX_CALIBRATION)
    if not len(index):
        part = "validation"
        index = prepared.windows(part, plan, MAX_CALIBRATION)
    if not len(index):
        part = "train"
        index = prepared.windows(part, plan, MAX_CALIBRATION)
    quantiles = predict_index(trained, prepared, index).astype(np.float64)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    scores = scores_of(
        prepared.values[rows].astype(np.float64),
        quantiles,
        trained.spec.levels,
        spread_index(trained, prepared, index),
    )
    calibration = calibrate(scores, prepared.panel.observed[rows])
    if part == "calibration":
        return calibration
    warning = f"; too few rows to hold some out for this alone, so {part} windows were used: intervals may be narrow"
    return replace(calibration, method=calibration.method + warning)
