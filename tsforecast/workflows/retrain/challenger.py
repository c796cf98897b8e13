"""A challenger that goes on from the version in service."""

from __future__ import annotations

import math
from dataclasses import replace

from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.fit_panel import Evaluated, Fitted
from tsforecast.fitting.scores import NAIVE, add_skill
from tsforecast.fitting.warm_start import like_trained, plan_like, train_on, warm_start_obstacle
from tsforecast.models.calibration import Calibration
from tsforecast.models.options import FitOptions
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Message, Report
from tsforecast.series.panel import Panel
from tsforecast.series.split import automatic_split
from tsforecast.store.bundle.bundle import Bundle

_TAKEN_OVER = "; taken over from the version that its networks go on from"


def warm_challenger(
    panel: Panel,
    champion: Bundle,
    options: FitOptions,
    report: Report,
    *,
    began: float,
    recorder: Recorder = NO_RECORDER,
) -> Fitted | None:
    """The champion trained on; None, with a message, where it cannot go on.

    Its scores are those of the duel (`scored_by_duel`), its calibration is the champion's.

    Args:
        panel: all rows before the hold-out.
        champion: the version in service.
        options: about the model.
        report: receives messages and progress.
        began: moment on time.monotonic() from which the time limit counts.
        recorder: keeps what the networks come to.

    Raises:
        DataError: too few rows.
    """
    spec, scaling = champion.spec, champion.scaling
    reason = warm_start_obstacle(spec, scaling, champion.recent.ids, panel, options)
    if reason:
        report(Message("warning", f"trained anew, not from the version in service: {reason}"))
        return None
    basics = choose_basics(panel, like_trained(options, spec))
    split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    plan = plan_like(spec, scaling, panel, split, options)
    deadline = math.inf if options.time_limit is None else began + options.time_limit
    trained, everything = train_on(
        panel, split, plan, spec, champion.forecaster.weights, report, deadline=deadline, recorder=recorder
    )
    # The history is that of one training: it is not told twice.
    evaluated = Evaluated(replace(trained, epochs=()), plan, _taken_over(champion.forecaster.calibration), {})
    return Fitted(split, evaluated, everything, trained)


def scored_by_duel(fitted: Fitted, own: dict[str, float], naive: dict[str, float]) -> Fitted:
    """The model with its scores in the duel, where it has been tested on nothing else.

    Args:
        fitted: from `warm_challenger`.
        own: all its metrics.
        naive: those of the seasonal naive.
    """
    model, seconds = fitted.evaluated.plan.model, fitted.final.seconds
    scores = {model: dict(own), NAIVE: dict(naive)}
    add_skill(scores, fitted.everything.panel.n_series)
    for name, row in scores.items():
        row["seconds"] = seconds if name == model else 0.0
    return replace(fitted, evaluated=replace(fitted.evaluated, scores=scores))


def _taken_over(calibration: Calibration) -> Calibration:
    return replace(calibration, method=calibration.method.removesuffix(_TAKEN_OVER) + _TAKEN_OVER)
