"""From a panel and a plan to a trained model: scaling, windows, training of any model of the table.

Nothing here looks at rows after the training and validation parts of the split it is given; calibration reads the
calibration part, and nothing else does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.models.calibration import Calibration, calibrate, scores_of, window_spread
from tsforecast.models.events import Report
from tsforecast.models.forecasting import ensemble_weights, predict_windows
from tsforecast.models.linear import fit_linear
from tsforecast.models.plan import Plan
from tsforecast.models.spec import ModelSpec, Weights
from tsforecast.scaling import Scaling, fit_scaling
from tsforecast.series import Panel
from tsforecast.split import Split
from tsforecast.windows import WindowIndex, batches, window_index

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
        epochs: the epoch whose weights were kept, for each member.
        seconds: spent on training.
    """

    spec: ModelSpec
    weights: Weights
    history: tuple[dict[str, float | int | str | None], ...] = ()
    epochs: tuple[int, ...] = ()
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
    phase: str = "training",
    epochs: tuple[int, ...] = (),
    deadline: float | None = None,
) -> Trained:
    """Train any model of the table.

    Args:
        model: its name.
        prepared: the data; windows of the training part are learned from, those of the validation part choose.
        plan: what was decided.
        report: receives the progress of a network.
        phase: name of the run for the user.
        epochs: for each member of a network, how many epochs to train without validation (the final fit).
        deadline: moment on time.monotonic() at which training has to stop.
    """
    began = time.monotonic()
    spec = plan.spec(model)
    if spec.network is not None:
        return _train_network(spec, prepared, plan, report, phase, epochs, deadline)
    weights = _ridge(prepared, plan, "last") if model == "linear" else {}
    return Trained(spec, weights, seconds=time.monotonic() - began)


def _ridge(prepared: Prepared, plan: Plan, normalisation: str) -> Weights:
    """A linear map from windows to horizons, its strength chosen on validation windows."""
    panel = prepared.panel
    train, validation = (
        batches(prepared.values, panel.observed, panel.offsets, index, lookback=plan.lookback, horizon=plan.horizon)
        for index in (prepared.windows("train", plan, _MAX_LINEAR), prepared.windows("validation", plan, MAX_RIDGE))
    )
    return fit_linear(train, plan.lookback, plan.horizon, validation=validation, normalisation=normalisation)[0]


def _train_network(
    spec: ModelSpec,
    prepared: Prepared,
    plan: Plan,
    report: Report,
    phase: str,
    epochs: tuple[int, ...],
    deadline: float | None,
) -> Trained:
    from tsforecast.models import engine

    engine.start(plan.training.threads)
    from tsforecast.models.training import Run, TrainingData, member_seeds, train

    assert spec.network is not None  # noqa: S101  (for the type checker; the caller has looked)
    began = time.monotonic()
    device = engine.choose_device(plan.training.device)
    data = TrainingData(
        values=prepared.values,
        observed=prepared.panel.observed,
        offsets=prepared.panel.offsets,
        train=prepared.windows("train", plan),
        validation=prepared.windows("validation", plan, MAX_VALIDATION),
        skip=_ridge(prepared, plan, spec.network.normalisation) if spec.network.skip else None,
    )
    if epochs:
        data = replace(data, validation=data.validation.take(np.empty(0, np.int64)))
    members, history, best = [], [], []
    for number, seed in enumerate(member_seeds(plan.training.seed, spec.members)):
        run = Run(
            phase=phase if spec.members == 1 else f"{phase}, member {number + 1}/{spec.members}",
            member=number,
            seed=seed,
            stop_after=epochs[number] if epochs else None,
            deadline=_share(deadline, spec.members - number),
        )
        trained = train(data, spec.network, plan.training, run, device=device, report=report)
        members.append(trained.weights)
        best.append(trained.best_epoch)
        history += [{"phase": phase, **vars(record)} for record in trained.history]
    weights = ensemble_weights(members)
    return Trained(spec, weights, tuple(history), tuple(best), time.monotonic() - began)


def _share(deadline: float | None, remaining: int) -> float | None:
    """The moment at which the next of `remaining` members has used its share of the time left."""
    if deadline is None:
        return None
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
