"""Training of single parts: networks, linear models and local models, all on the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tsforecast.fitting.candidate_words import describe
from tsforecast.fitting.plan import Plan
from tsforecast.fitting.prepared import Prepared
from tsforecast.fitting.trained import Recipe, Trained, alone
from tsforecast.models.linear import DEFAULT_RIDGE, fit_linear
from tsforecast.models.local.models import LOCAL_MODELS, fit_local
from tsforecast.models.network.config import Inputs, NetworkConfig
from tsforecast.models.network.weights import Weights
from tsforecast.models.parts import WEEK
from tsforecast.models.spec import Part
from tsforecast.models.training.gradient_flow import GradientProfile
from tsforecast.models.training.session import TrainingSession
from tsforecast.series.weekly_cycle import weekly_cycles, without_cycles

# The most windows that validation and the choice of a ridge's strength use, evenly spread over their part.
MAX_VALIDATION, MAX_RIDGE = 8192, 2048
_MAX_LINEAR = 60_000
_TRACING = 3.0  # seconds until a network's first step is done


class Trainer:
    """Trains single parts on the same rows.

    Args:
        prepared: the rows.
        plan: what was decided.
        session: the context of training.
        phase: name of what is done, for the user and the records.
        runs: networks to be trained with the rest of the budget; each gets an equal share of what is left.
        traced: how many of them are likely to be traced first, which takes time that the others do not need.
        measured: whether the gradient along the window is measured.
        least: epochs without which a network is worth nothing.
    """

    def __init__(
        self,
        prepared: Prepared,
        plan: Plan,
        session: TrainingSession,
        *,
        phase: str,
        runs: int,
        traced: int = 0,
        measured: bool = False,
        least: int = 0,
    ) -> None:
        self.prepared, self.plan, self.session, self.traced = prepared, plan, session, traced
        self.phase, self.runs_left, self.measured = phase, runs, measured
        self.least, self.last_run = least, 0.0  # epochs, seconds
        self.ridges: dict[tuple[Any, ...], tuple[Weights, float]] = {}
        self.without_week: dict[int, tuple[Prepared, Weights]] = {0: (prepared, {})}

    def too_late(self, periods: int) -> bool:
        """Whether a network that takes as long as the last one would not be done for all periods in time."""
        return self.session.budget.left() < periods * self.last_run

    def learn(self, part: Part, member: int, recipe: Recipe | None = None) -> Trained:
        """Train one part alone: as its recipe says, or, without one, guided by validation."""
        if part.network is not None:
            return self._learn_network(part, part.network, member, recipe)
        weights: Weights = {}
        ridge = DEFAULT_RIDGE
        if part.name in LOCAL_MODELS:
            rows, ends, plan = self.prepared.rows, self.prepared.split.train_end, self.plan
            weights = fit_local(part.name, rows, ends, part.lookback, plan.season_length, plan.horizon)
        elif part.name == "linear":
            solved, ridge = self._ridge(part, "last", part.inputs, recipe)
            weights = solved | self._learned_from(part)[1]
        return alone(part, self.plan, weights, Recipe(ridge=ridge))

    def _learn_network(self, part: Part, network: NetworkConfig, member: int, recipe: Recipe | None) -> Trained:
        from tsforecast.models.training import runtime

        training = self.plan.training
        runtime.start(training.threads, self.session.report)
        device = runtime.choose_device(training.device)
        # These import TensorFlow, which `start` has told to be quiet.
        from tsforecast.models.training.graph import TrainingData
        from tsforecast.models.training.loop import Run, member_seed, train

        member = recipe.member if recipe else member
        start = recipe.start if recipe else None
        skip, ridge = None, DEFAULT_RIDGE
        if network.linear_skip and start is None:
            skip, ridge = self._ridge(part, network.normalisation, network.inputs, recipe)
        prepared, usual = self._learned_from(part)
        data = TrainingData(
            rows=prepared.rows,
            train=self.prepared.windows("train", self.plan),
            validation=self.prepared.windows("validation", self.plan, 0 if recipe else MAX_VALIDATION),
            skip=skip,
        )
        run = Run(
            phase=f"{self.phase}, {describe(part, member, self.plan)}",
            member=member,
            seed=member_seed(training.seed, member),
            replay=recipe.path if recipe else (),
            seconds=self._seconds(),
            measured=self.measured,
            start=start,
            least=self.least,
        )
        self.runs_left, self.traced = self.runs_left - 1, max(0, self.traced - 1)
        began = self.session.budget.spent()
        trained = train(data, network, training, run, self.session, device=device)
        self.last_run = self.session.budget.spent() - began
        return replace(
            alone(part, self.plan, trained.weights | usual, Recipe(member, trained.path, ridge)),
            epochs=tuple({"phase": run.phase, **vars(record)} for record in trained.epochs),
            gradients=tuple(
                GradientProfile(member, run.phase, epoch, epoch == trained.best_epoch, norms, network)
                for epoch, norms in enumerate(trained.gradients, start=1)
            ),
        )

    def _seconds(self) -> float:
        """The share of the next run in what is left of the budget."""
        left = self.session.budget.left()
        if not self.traced:
            return left / self.runs_left
        return max(left / self.runs_left, _TRACING + (left - _TRACING * self.traced) / self.runs_left)

    def _learned_from(self, part: Part) -> tuple[Prepared, Weights]:
        """The rows as a part learns from them, and the tensor of what was taken out of them."""
        if part.week not in self.without_week:
            rows, ends, zone = self.prepared.rows, self.prepared.split.train_end, self.plan.calendar.time_zone
            cycles = weekly_cycles(rows, ends, part.week, zone)
            without_week = replace(self.prepared, rows=without_cycles(rows, cycles, zone)[0])
            self.without_week[part.week] = without_week, {WEEK: cycles}
        return self.without_week[part.week]

    def _ridge(self, part: Part, normalisation: str, inputs: Inputs, recipe: Recipe | None) -> tuple[Weights, float]:
        """The ridge regression from windows to horizons, solved once for these rows, and its strength.

        The strength is the recipe's, or chosen on validation windows, or the default without any.
        """
        # What a linear map does not read makes no other map.
        lookback, prepared = part.lookback, self._learned_from(part)[0]
        key = part.week, lookback, normalisation, replace(inputs, static=0, categories=(), category_widths=())
        if key not in self.ridges:
            plan = self.plan
            most = {"train": _MAX_LINEAR, "validation": 0 if recipe else MAX_RIDGE}
            train, validation = (
                prepared.rows.batches(prepared.windows(name, plan, count), lookback=lookback, horizon=plan.horizon)
                for name, count in most.items()
            )
            self.ridges[key] = fit_linear(
                train,
                lookback,
                plan.horizon,
                validation=validation,
                ridge=recipe.ridge if recipe else DEFAULT_RIDGE,
                normalisation=normalisation,
                inputs=inputs,
                strengths=plan.strengths if inputs.past else (),
            )
        return self.ridges[key]
