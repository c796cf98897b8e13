"""Trains the challenger of the version in service: from scratch, or from that version's weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.fit_panel import Evaluated, Fitted, fit_panel, for_means
from tsforecast.fitting.scores import NAIVE, add_skill
from tsforecast.fitting.warm_start import like_trained, plan_like, train_on, warm_start_obstacle
from tsforecast.models.options import FitOptions
from tsforecast.models.training.session import TrainingSession
from tsforecast.progress import Message
from tsforecast.series.panel import Panel, Schema
from tsforecast.series.split import automatic_split
from tsforecast.store.bundle.bundle import Bundle

_TAKEN_OVER = "; taken over from the version that its networks go on from"


@dataclass(frozen=True)
class Training:
    """How challengers are trained.

    Args:
        options: of the model.
        session: the context of training.
        warm: whether to continue from the champion's weights where that is possible.
        schema: names of the columns, and the time zone.
    """

    options: FitOptions
    session: TrainingSession
    warm: bool = False
    schema: Schema | None = None

    def train(self, panel: Panel) -> Fitted:
        """Train from scratch, as `fit` does."""
        return fit_panel(panel, self.options, self.session, self.schema)

    def continue_from(self, champion: Bundle, panel: Panel) -> Fitted | None:
        """Continue the champion's training on all rows of a panel; None, with a message, where that is not possible.

        The calibration is the champion's. There are no scores until `with_scores` gives those of the comparison.

        Raises:
            DataError: too few rows.
        """
        spec, scaling, options = champion.spec, champion.scaling, for_means(self.options)
        reason = warm_start_obstacle(spec, scaling, champion.recent, panel, options)
        if reason:
            self.session.report(Message("warning", f"trained anew, not from the version in service: {reason}"))
            return None
        basics = choose_basics(panel, like_trained(options, spec))
        split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
        plan = plan_like(spec, scaling, panel, split, options)
        trained, everything = train_on(panel, split, plan, spec, champion.forecaster.weights, self.session)
        before = champion.forecaster.calibration
        calibration = replace(before, method=before.method.removesuffix(_TAKEN_OVER) + _TAKEN_OVER)
        # The epochs are those of one training: they are not reported twice.
        evaluated = Evaluated(plan.model, replace(trained, epochs=()), plan, calibration, {}, {})
        return Fitted(split, evaluated, everything, trained, calibration)


def with_scores(fitted: Fitted, own: dict[str, float], naive: dict[str, float]) -> Fitted:
    """The model with its metrics and those of the seasonal naive in the comparison, its only test."""
    model, seconds = fitted.evaluated.plan.model, fitted.final.seconds
    scores = {model: dict(own), NAIVE: dict(naive)}
    add_skill(scores, fitted.everything.panel.n_series)
    for name, row in scores.items():
        row["seconds"] = seconds if name == model else 0.0
    return replace(fitted, evaluated=replace(fitted.evaluated, scores=scores))
