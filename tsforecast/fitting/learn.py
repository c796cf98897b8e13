"""From a panel and a plan to a trained model: every candidate is trained, and validation decides what each counts.

Nothing here looks at rows after the training and validation parts of the split it is given.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tsforecast.fitting.calibrate import ENOUGH_HORIZONS, predict_index
from tsforecast.fitting.combination import HeldOut, choose_shares, mean_error
from tsforecast.fitting.plan import Choice, Plan
from tsforecast.fitting.prepared import Prepared, can_fit_linear, prepare
from tsforecast.fitting.trained import Learned, Recipe, Trained, ValidationPeriod
from tsforecast.models.linear import DEFAULT_RIDGE, fit_linear
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import joined_weights
from tsforecast.models.spec import ModelSpec, Part
from tsforecast.models.training.gradient_flow import GradientProfile
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Message, Report
from tsforecast.series.seasonal_errors import seasonal_errors
from tsforecast.series.split import shifted_back

if TYPE_CHECKING:
    from tsforecast.models.training.loop import Graphs

# Windows that validation and the strength of a ridge rest on at most, evenly spread over their part.
MAX_VALIDATION, MAX_RIDGE = 8192, 2048
_MAX_LINEAR = 60_000
_MAX_PERIODS = 3
_MAX_WINDOWS = 20_000  # with more training windows, earlier periods take too long to train for


def train_model(
    model: str,
    prepared: Prepared,
    plan: Plan,
    report: Report,
    *,
    deadline: float = math.inf,
    graphs: Graphs | None = None,
    recorder: Recorder = NO_RECORDER,
) -> Learned:
    """Train any model of the table; where it has several candidates, combine them.

    Args:
        model: its name; the plan's own model has the plan's candidates, any other is a simple one.
        prepared: the data; windows of the training part are learned from, those of the validation part choose.
        plan: what was decided.
        report: receives the progress of networks.
        deadline: moment on time.monotonic() at which training has to stop.
        graphs: those that are traced already; new ones are added, for `train_again`.
        recorder: keeps what the networks come to, so that an interrupted training can go on.

    Returns:
        The model, the plan with the choice that was made, and what it was chosen by.
    """
    began = time.monotonic()
    if model != plan.model:
        plan = replace(plan, model=model, candidates=(plan.simple(model),))
    candidates = _candidates(prepared, plan)
    history = [prepared, *_earlier(prepared, plan)]
    runs = _networks(candidates) * len(history)
    session = TrainingSession(prepared, plan, report, deadline, graphs, recorder, runs=runs)
    rounds = [[session.learn(part, member) for part, member in candidates]]
    for number, before in enumerate(history[1:], 2):
        session.use_rows(before, f"period {number} of {len(history)}")
        rounds.append([session.learn(one.spec.parts[0], 0, one.lessons[0]) for one in rounds[0]])
    shares: tuple[float, ...] = (1.0,)
    if len(candidates) > 1:
        folds = [_held_out(data, plan, learned) for data, learned in zip(history, rounds, strict=True)]
        shares = choose_shares(folds)
        choice = _choice(candidates, plan, shares, folds)
        report(Message("choice", f"{choice.name} {choice.value}: {choice.reason}"))
        plan = replace(plan, choices=(*plan.choices, choice))
    periods = [
        ValidationPeriod(_together(model, learned, shares), data) for learned, data in zip(rounds, history, strict=True)
    ]
    whole = session.with_history(periods[0].trained, began)
    return Learned(plan, (replace(periods[0], trained=whole), *periods[1:]))


def train_again(
    prepared: Prepared,
    plan: Plan,
    before: Trained,
    report: Report,
    *,
    deadline: float = math.inf,
    graphs: Graphs | None = None,
    phase: str = "final training on all rows",
    recorder: Recorder = NO_RECORDER,
) -> Trained:
    """Train the chosen parts on the whole of `prepared`, along the epochs that led to the best weights before.

    They are trained anew, but for those whose lesson says where to start.
    """
    began = time.monotonic()
    parts = before.spec.parts
    runs = _networks([(part, 0) for part in parts])
    session = TrainingSession(prepared, plan, report, deadline, graphs, recorder, runs=runs)
    session.phase, session.measured = phase, True
    learned = [session.learn(part, 0, lesson) for part, lesson in zip(parts, before.lessons, strict=True)]
    trained = _together(before.spec.name, learned, tuple(part.share for part in parts))
    return session.with_history(trained, began)


def _candidates(prepared: Prepared, plan: Plan) -> list[tuple[Part, int]]:
    """The plan's candidates with each member's seed; without the linear ones where no window is complete."""
    parts = plan.candidates
    if not can_fit_linear(prepared, plan):
        without = tuple(part for part in parts if part.name != "linear" and not _skips(part))
        # Where only networks with a skip were asked for, the reason is said when the skip is solved for.
        parts = without if any(part.network for part in without) else parts
    return [(part, member) for part in parts for member in range(plan.training.members if part.network else 1)]


def _earlier(prepared: Prepared, plan: Plan) -> list[Prepared]:
    """The same rows as they were before, so often that all validation parts together span enough horizons."""
    split = prepared.split
    windows = len(prepared.windows("train", plan))
    rows = split.validation_end - split.train_end
    if not np.any(rows) or windows > _MAX_WINDOWS:
        return []
    wanted = math.ceil(ENOUGH_HORIZONS * plan.horizon / float(np.median(rows[rows > 0])))
    periods: list[Prepared] = []
    for number in range(1, min(_MAX_PERIODS, wanted)):
        period = prepare(prepared.panel, shifted_back(split, number), plan)
        if 2 * len(period.windows("train", plan)) < windows or not can_fit_linear(period, plan):
            break
        periods.append(period)
    return periods


class TrainingSession:
    """Training runs on the same data, with what they share and what they leave in the history."""

    def __init__(
        self,
        prepared: Prepared,
        plan: Plan,
        report: Report,
        deadline: float,
        graphs: Graphs | None = None,
        recorder: Recorder = NO_RECORDER,
        *,
        runs: int,
    ) -> None:
        self.plan, self.report, self.deadline, self.runs_left = plan, report, deadline, runs
        self.recorder = recorder
        self.history: list[dict[str, float | int | str | None]] = []
        self.gradients: list[GradientProfile] = []
        self.measured = False
        self.graphs: Graphs = {} if graphs is None else graphs
        self.use_rows(prepared, "training")

    def use_rows(self, prepared: Prepared, phase: str) -> None:
        """Go on with other rows."""
        self.prepared, self.phase = prepared, phase
        self.ridges: dict[tuple[int, str], tuple[Weights, float]] = {}

    def with_history(self, trained: Trained, began: float) -> Trained:
        """The model with what was noted on the way to it since `began`."""
        seconds = time.monotonic() - began
        return replace(trained, epochs=tuple(self.history), gradients=tuple(self.gradients), seconds=seconds)

    def learn(self, part: Part, member: int, lesson: Recipe | None = None) -> Trained:
        """Train one part alone; a lesson is repeated, without one validation teaches it."""
        if part.network is not None:
            return self._learn_network(part, member, lesson)
        weights: Weights = {}
        ridge = DEFAULT_RIDGE
        if part.name == "linear":
            weights, ridge = self._ridge(part.lookback, "last", lesson)
        return _alone(part, self.plan, weights, Recipe(ridge=ridge))

    def _learn_network(self, part: Part, member: int, lesson: Recipe | None) -> Trained:
        from tsforecast.models.training import runtime

        assert part.network is not None  # noqa: S101  (for the type checker)
        runtime.start(self.plan.training.threads, self.report)
        device = runtime.choose_device(self.plan.training.device)
        # TensorFlow is imported after the engine has told it to be quiet.
        from tsforecast.models.training.graph import TrainingData
        from tsforecast.models.training.loop import Run, member_seed, train

        member = lesson.member if lesson else member
        phase = f"{self.phase}, {_describe(part, member, self.plan)}"
        skip, ridge = None, DEFAULT_RIDGE
        start = lesson.start if lesson else None
        if part.network.linear_skip and start is None:
            skip, ridge = self._ridge(part.lookback, part.network.normalisation, lesson)
        data = TrainingData(
            rows=self.prepared.rows,
            train=self.prepared.windows("train", self.plan),
            validation=self.prepared.windows("validation", self.plan, 0 if lesson else MAX_VALIDATION),
            skip=skip,
        )
        run = Run(
            phase=phase,
            member=member,
            seed=member_seed(self.plan.training.seed, member),
            replay=lesson.path if lesson else (),
            deadline=_share(self.deadline, self.runs_left),
            measured=self.measured,
            start=start,
        )
        self.runs_left -= 1
        trained = train(
            data,
            part.network,
            self.plan.training,
            run,
            device=device,
            report=self.report,
            graphs=self.graphs,
            recorder=self.recorder,
        )
        self.history += [{"phase": phase, **vars(record)} for record in trained.history]
        self.gradients += [
            GradientProfile(member, phase, epoch, epoch == trained.best_epoch, norms, part.network)
            for epoch, norms in enumerate(trained.gradients, start=1)
        ]
        return _alone(part, self.plan, trained.weights, Recipe(member, trained.path, ridge))

    def _ridge(self, lookback: int, normalisation: str, lesson: Recipe | None) -> tuple[Weights, float]:
        """A linear map from windows to horizons, solved once for these rows.

        Its strength is the lesson's, or chosen on validation windows, or the usual one without any.
        """
        if (lookback, normalisation) not in self.ridges:
            plan = self.plan
            most = {"train": _MAX_LINEAR, "validation": 0 if lesson else MAX_RIDGE}
            train, validation = (
                self.prepared.rows.batches(
                    self.prepared.windows(name, plan, count), lookback=lookback, horizon=plan.horizon
                )
                for name, count in most.items()
            )
            self.ridges[lookback, normalisation] = fit_linear(
                train,
                lookback,
                plan.horizon,
                validation=validation,
                ridge=lesson.ridge if lesson else DEFAULT_RIDGE,
                normalisation=normalisation,
            )
        return self.ridges[lookback, normalisation]


def _describe(part: Part, member: int, plan: Plan) -> str:
    """A candidate in words: what it is, and what sets it apart from the plan's first one."""
    if part.network is None:
        return part.name
    first, apart = plan.candidates[0], []
    if first.network and part.network.normalisation != first.network.normalisation:
        apart.append(part.network.normalisation)
    if part.lookback != first.lookback:
        apart.append(f"lookback {part.lookback}")
    if plan.training.members > 1:
        apart.append(f"member {member + 1} of {plan.training.members}")
    words = f"{part.name} with linear skip" if part.network.linear_skip else part.name
    return f"{words} ({', '.join(apart)})" if apart else words


def _held_out(prepared: Prepared, plan: Plan, learned: list[Trained]) -> HeldOut:
    """What each model forecasts for the validation windows, in the user's units."""
    index = prepared.windows("validation", plan, MAX_VALIDATION)
    rows = index.origins[:, None] + np.arange(plan.horizon)
    unit, _ = seasonal_errors(prepared.rows.panel, plan.season_length, prepared.split.train_end)
    return HeldOut(
        y_true=prepared.panel.values[rows],
        observed=prepared.rows.observed[rows],
        series=index.series,
        unit=np.where(unit > 0, unit, np.nan),
        forecasts=tuple(predict_index(one, prepared.rows, index)[:, :, one.spec.levels.index(0.5)] for one in learned),
        scaling=prepared.rows.scaling,
    )


def _choice(candidates: list[tuple[Part, int]], plan: Plan, shares: tuple[float, ...], folds: list[HeldOut]) -> Choice:
    """The combination and its reason."""
    names = [_describe(part, member, plan) for part, member in candidates]
    taken = " + ".join(f"{share:.0%} {name}" for name, share in zip(names, shares, strict=True) if share)
    errors = [mean_error(folds, [fold.forecasts[i] for fold in folds]) for i in range(len(names))]
    if not np.isfinite(errors).any():
        return Choice("combination", taken, "equal shares: nothing to compare by")
    each = ", ".join(f"{name} {error:.3g}" for name, error in zip(names, errors, strict=True))
    windows = sum(len(fold.series) for fold in folds)
    periods = f" in {len(folds)} periods" if len(folds) > 1 else ""
    return Choice("combination", taken, f"least error on {windows:,} validation windows{periods} ({each})")


def _alone(part: Part, plan: Plan, weights: Weights, lesson: Recipe) -> Trained:
    """One part as a model of its own."""
    spec = ModelSpec(part.name, plan.horizon, plan.season_length, (replace(part, share=1.0),))
    return Trained(spec, joined_weights([weights]), (lesson,))


def _together(model: str, learned: list[Trained], shares: tuple[float, ...]) -> Trained:
    """Several parts as one model; those without a share are left out."""
    kept = [(one, share) for one, share in zip(learned, shares, strict=True) if share > 0]
    first = kept[0][0].spec
    parts = tuple(replace(one.spec.parts[0], share=share) for one, share in kept)
    spec = ModelSpec(model, first.horizon, first.season_length, parts)
    weights = [{name.removeprefix("part0/"): value for name, value in one.weights.items()} for one, _ in kept]
    return Trained(spec, joined_weights(weights), tuple(one.lessons[0] for one, _ in kept))


def _skips(part: Part) -> bool:
    return part.network is not None and part.network.linear_skip


def _networks(candidates: list[tuple[Part, int]]) -> int:
    return sum(part.network is not None for part, _ in candidates)


def _share(deadline: float, remaining: int) -> float:
    """The moment at which the next of `remaining` runs has used its share of the time left."""
    now = time.monotonic()
    return now + (deadline - now) / remaining
