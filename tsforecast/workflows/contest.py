"""What a retraining decides: whether there are enough new rows, who challenges the champion, and who wins.

The challenger is trained on all rows before the hold-out, compared with the champion there, and published as it was
compared: nothing is trained after the comparison.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import GateError
from tsforecast.io.panels import ReadResult
from tsforecast.models.checkpoints import NO_RECORDER, Recorder
from tsforecast.models.choices import choose_basics
from tsforecast.models.config import FitOptions, check_options
from tsforecast.models.events import Report
from tsforecast.models.registry import get_model
from tsforecast.series import Panel
from tsforecast.split import automatic_split
from tsforecast.store.bundle import Bundle
from tsforecast.strays import without_strays
from tsforecast.windows import Rows
from tsforecast.workflows.bundling import make_bundle
from tsforecast.workflows.challenger import scored_by_duel, warm_challenger
from tsforecast.workflows.duel import (
    NAIVE,
    Contender,
    champion_contender,
    duel_windows,
    held_out_values,
    hold_out,
    naive_contender,
    new_rows,
    score,
    typical_new_rows,
)
from tsforecast.workflows.evaluation import LEVELS
from tsforecast.workflows.fit import Fitted, describe_fit, learn, rows_in_words
from tsforecast.workflows.predict import training_numbers
from tsforecast.workflows.rules import PromotionRules

# Shares of the values' movement and of their size below which an error is nothing but rounding: models see the movement
# as float32, which has seven digits, and the size is added as float64.
_ROUNDING, _ROUNDING_OF_SIZE = 1e-5, 1e-12
_COVERAGE = tuple(f"coverage_{level:g}" for level in LEVELS)
_WORDS = {"challenger": "challenger", "champion": "champion", NAIVE: "seasonal naive"}
Scores = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Contest:
    """How a contest ended.

    Args:
        waiting: why nothing was trained; empty where a challenger was.
        new_rows: of the typical series.
        challenger: the model; None where nothing was trained.
        warm: whether it went on from the champion.
        training_rows: what its weights were trained on, in words; None for what a fit says of itself.
        metric: that the errors are given in, `mase` or `mae`.
        errors: of `challenger`, `champion` (where there is one) and `seasonal-naive` on the same held-out values.
        coverage: of the intervals on these values by model, such as `coverage_80`.
        holdout_rows: newest rows held out, of the typical series.
        values: held-out values that were observed and forecast.
        wins: whether the challenger is to be published.
        reason: of that, in words.
    """

    waiting: str = ""
    new_rows: int = 0
    challenger: Fitted | None = None
    warm: bool = False
    training_rows: str | None = None
    metric: str = ""
    errors: dict[str, float] = field(default_factory=dict)
    coverage: Scores = field(default_factory=dict)
    holdout_rows: int = 0
    values: int = 0
    wins: bool = False
    reason: str = ""


def compete(
    data: ReadResult,
    champion: Bundle | None,
    options: FitOptions,
    rules: PromotionRules,
    *,
    warm: bool = False,
    report: Report = lambda event: None,
    began: float,
    recorder: Recorder = NO_RECORDER,
) -> Contest:
    """Train a challenger and compare it with the champion on rows that neither has learned from.

    Args:
        data: the table, older rows and new ones.
        champion: the version in service; None where there is none, or where it is to be replaced without a duel.
        options: about the challenger.
        rules: that decide.
        warm: whether the challenger goes on from the champion's weights; where it cannot, that is said and it begins
            anew.
        report: receives messages and progress.
        began: moment on time.monotonic() from which the time limit counts.
        recorder: keeps what the networks come to, so that an interrupted training can go on.

    Raises:
        TsforecastError: bad options (2), data of another frequency than the champion's (4), bad data (65).
    """
    check_options(options)
    get_model(options.model)
    if champion is None:
        return _first(learn(data.panel, options, report, began=began, recorder=recorder), rules)
    panel = data.panel
    _check_frequency(panel, champion)
    numbers = training_numbers(champion, panel)
    typical, wanted = typical_new_rows(panel, numbers, champion), _least_new_rows(champion, options, rules)
    if typical < wanted:
        return Contest(waiting=f"{typical} of {wanted} new rows", new_rows=typical)
    begins = hold_out(panel, new_rows(panel, numbers, champion), _test_rows(panel, options))
    if not len(held_out_values(panel, begins)):
        return Contest(waiting="none of the newest rows has a value", new_rows=typical)
    before = panel.between(np.zeros_like(begins), begins)
    made = warm_challenger(before, champion, options, report, began=began, recorder=recorder) if warm else None
    fitted = made or learn(before, options, report, began=began, recorder=recorder)
    scores, values = _duel(panel, begins, numbers, champion, fitted)
    if made:
        made = scored_by_duel(made, scores["challenger"], scores[NAIVE])
    contest = Contest(new_rows=typical, challenger=made or fitted, warm=made is not None)
    return _outcome(contest, scores, panel, begins, values, rules)


def challenger_bundle(data: ReadResult, contest: Contest, *, name: str, began: float) -> Bundle:
    """The challenger as it was compared, ready to be published; the hold-out joins the rows that it continues.

    Args:
        data: the table that `compete` was given.
        contest: what `compete` returned, with a challenger.
        name: of the model in the store.
        began: moment on time.monotonic() from which the seconds count.
    """
    fitted = contest.challenger
    if fitted is None:
        raise ValueError(f"there is no challenger: {contest.waiting}")
    facts = describe_fit(data, fitted, name=name, began=began, training_rows=contest.training_rows).to_dict()
    evaluated = fitted.evaluated
    return make_bundle(data, evaluated.plan, evaluated.calibration, fitted.final, fitted.everything, facts)


def lost_to(errors: dict[str, float], rules: PromotionRules, *, rounding: float = 0.0) -> list[str]:
    """Why a challenger with these errors loses; nothing where it wins.

    Args:
        errors: of `challenger`, of `seasonal-naive`, and of `champion` where there is one.
        rules: that decide.
        rounding: error that counts as none.
    """
    own = errors["challenger"]
    if not math.isfinite(own):
        return ["its error is not a finite number"]
    limits = {"champion": errors.get("champion", math.nan) * (1 + rules.tolerance)}
    if rules.beat_naive:
        limits[NAIVE] = errors[NAIVE]
    # One that fails itself is no reason to keep it: its error is not finite.
    return [
        f"worse than the {_WORDS[name]}"
        for name, limit in limits.items()
        if math.isfinite(limit) and own > max(limit, rounding)
    ]


def _first(fitted: Fitted, rules: PromotionRules) -> Contest:
    """Without a champion: a fit, which only has to beat the seasonal naive on its test windows."""
    panel = fitted.everything.panel
    scores = fitted.evaluated.scores
    mine = {"challenger": scores[fitted.evaluated.plan.model], NAIVE: scores[NAIVE]}
    contest = Contest(new_rows=_typical(panel.lengths), challenger=fitted)
    begins = fitted.split.calibration_end
    return _outcome(contest, mine, panel, begins, held_out_values(panel, begins), rules)


def _check_frequency(panel: Panel, champion: Bundle) -> None:
    step = champion.context.frequency
    if panel.frequency != step:
        raise GateError(
            f"the data are {panel.frequency.name} ({panel.frequency.alias}); the model in service was fitted on "
            f"{step.name} ones ({step.alias})",
            hint="give data of the same steps, or publish under another --name",
        )


def _least_new_rows(champion: Bundle, options: FitOptions, rules: PromotionRules) -> int:
    if rules.min_new_rows is not None:
        return max(1, rules.min_new_rows)
    # Of a single new row nothing would be left to learn from: the newer half is held out.
    return max(2, (options.horizon or champion.spec.horizon) // 4)


def _test_rows(panel: Panel, options: FitOptions) -> int:
    """Rows that a fit would hold out to be scored on."""
    basics = choose_basics(panel, options)
    split = automatic_split(panel.lengths, horizon=basics.horizon, min_context=basics.min_context)
    return int((split.end - split.calibration_end).max())


def _duel(
    panel: Panel, begins: Rows, numbers: Rows, champion: Bundle, fitted: Fitted
) -> tuple[Scores, NDArray[np.float64]]:
    """All metrics of the two and of the seasonal naive on the same windows, and the values that these forecast."""
    plan, final = fitted.evaluated.plan, fitted.final
    horizon = min(plan.horizon, champion.spec.horizon)
    windows = duel_windows(panel, begins, horizon)
    own = np.arange(panel.n_series)
    contenders = {
        "challenger": Contender(
            final.spec, final.weights, fitted.everything.scaling, own, fitted.evaluated.calibration
        ),
        "champion": champion_contender(champion, panel, numbers, begins),
        NAIVE: naive_contender(panel, horizon, plan.season_length),
    }
    scores = {name: score(panel, windows, one, plan.season_length, begins) for name, one in contenders.items()}
    for row in scores.values():
        row["windows"] = float(len(windows.index))
    return scores, panel.values[np.unique(windows.rows[windows.scored])]


def _outcome(
    contest: Contest, scores: Scores, panel: Panel, begins: Rows, values: NDArray[np.float64], rules: PromotionRules
) -> Contest:
    """The decision, from all metrics of each model on these held-out values."""
    # Of series that are constant before the hold-out there is no scaled error.
    metric = "mase" if panel.n_series > 1 and math.isfinite(scores[NAIVE]["mase"]) else "mae"
    errors = {name: row[metric] for name, row in scores.items()}
    rounding = _rounding(panel, begins) if metric == "mae" else 0.0
    losses = lost_to(errors, rules, rounding=rounding)
    rows = _typical(panel.lengths - begins)
    first, *others = (f"{_WORDS[name]} {error:.4g}" for name, error in errors.items())
    compared = ", ".join([f"{first} {metric.upper()}", *others])
    held_out = f"{len(values):,} held-out values of {rows} newest rows"
    lost = f": {' and '.join(losses)}" if losses else ""
    coverage = {name: {key: row[key] for key in _COVERAGE} for name, row in scores.items() if name != NAIVE}
    return replace(
        contest,
        metric=metric,
        errors=errors,
        coverage=coverage,
        holdout_rows=rows,
        values=len(values),
        wins=not losses,
        reason=f"{compared} on {held_out}{lost}",
        training_rows=_training_rows(contest, panel, rows) if "champion" in scores else None,
    )


def _rounding(panel: Panel, begins: Rows) -> float:
    """Error that counts as none, by the rows before the hold-out."""
    values = without_strays(panel.between(np.zeros_like(begins), begins)).values
    if not values.size:
        return 0.0
    movement = float(np.abs(values - np.median(values)).mean())
    return _ROUNDING * movement + _ROUNDING_OF_SIZE * float(np.abs(values).mean())


def _training_rows(contest: Contest, panel: Panel, rows: int) -> str:
    """What the challenger of a duel knows, in words."""
    fitted = contest.challenger
    assert fitted is not None  # noqa: S101  (for the type checker)
    compared = f"the newest {rows} rows of the typical series were held out to compare it with the version in service"
    known = len(fitted.everything.panel.values)
    if contest.warm:
        return f"trained on from the version in service, on {known:,} of {len(panel.values):,} rows; {compared}"
    return f"{rows_in_words(fitted)}; {compared}"


def _typical(rows: Rows) -> int:
    return int(np.median(rows[rows > 0])) if np.any(rows > 0) else 0
