"""What a retraining decides: whether there are enough new rows, who challenges the champion, and who wins.

The challenger is trained on all rows before the hold-out, compared with the champion there (`duel.py`,
`paired_test.py`, `decision.py`), and published as it was compared: nothing is trained after the comparison. The version
says which rows its weights have not learned from, so that the next comparison can be made on them.

The hold-out is a tenth of the typical series, at least one horizon, at most four (or a season, or 28 rows, if that is
more), and never more than the champion has not learned from. Where that is less than a horizon, as after a `fit`, the
run waits. Fewer rows cannot tell a challenger that is a third worse (tests/sweeps/test_promotion.py has the figures);
of more the weights in service would know too little of the present.

Where the champion or the challenger is clearly worse than the seasonal naive, the world has changed, or what was
trained on is spoilt. Then a challenger of the rows since the last change of level is tried on a shorter hold-out
(`breaks.py`), and where that loses too and the champion is what fails, the best simple model takes its place.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tsforecast.errors import GateError
from tsforecast.fitting.choose import choose_basics
from tsforecast.fitting.fit_panel import Fitted
from tsforecast.fitting.plan import FixedChoices
from tsforecast.fitting.prepared import prepare
from tsforecast.fitting.scores import NAIVE, naive_forecaster
from tsforecast.io.reading.panel import ReadResult
from tsforecast.models.options import FitOptions, check_options
from tsforecast.models.registry import get_model
from tsforecast.models.training.resume import NO_RECORDER, Recorder
from tsforecast.progress import Report
from tsforecast.series.panel import Panel
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.fit import describe_fit
from tsforecast.workflows.provenance import make_bundle
from tsforecast.workflows.retrain.challenger import warm_challenger
from tsforecast.workflows.retrain.duel import (
    UNLEARNED,
    duel_windows,
    held_out_values,
    hold_out,
    new_rows,
    typical_rows,
    unseen_rows,
)
from tsforecast.workflows.retrain.failed_champion import needed_rows, replace_failed
from tsforecast.workflows.retrain.held_out_rows import (
    Contest,
    HeldOutRows,
    Training,
    face,
    held_out_rows_of,
    judged,
    typical,
)
from tsforecast.workflows.retrain.settings import STANDS_IN, PromotionRules

_HELD_OUT_SHARE, _MAX_HORIZONS, _ENOUGH_ROWS = 0.1, 4, 28


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
    training = Training(options, report, began, recorder)
    panel = data.panel
    if champion is None:
        return _first(training.learn(panel), rules)
    _check_frequency(panel, champion)
    basics = choose_basics(panel, options)
    numbers = panel.numbers_in(champion.recent.ids)
    unseen = unseen_rows(panel, numbers, champion)
    most = _test_rows(panel, basics)
    new = typical_rows(new_rows(panel, numbers, champion), numbers, champion)
    waiting = _too_few(new, typical_rows(unseen, numbers, champion), most, champion, basics, rules)
    begins = hold_out(panel, unseen, most)
    if not waiting and not len(held_out_values(panel, begins)):
        waiting = "none of the newest rows has a value"
    if waiting:
        return Contest(waiting=waiting, new_rows=new)
    held_out = held_out_rows_of(panel, begins, numbers, champion, basics)
    before = held_out.before()
    made = warm_challenger(before, champion, options, report, began=began, recorder=recorder) if warm else None
    fitted = made or training.learn(before)
    contest, compared = face(held_out, fitted, rules, Contest(new_rows=new, warm=made is not None))
    troubled = rules.beat_naive and not contest.wins and (compared.champion_fails or compared.fails)
    if not troubled:
        return contest
    return replace_failed(contest, compared, held_out, numbers, champion, basics, training, rules)


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
    bundle = make_bundle(data, fitted, facts)
    told = {UNLEARNED: contest.unlearned} | ({STANDS_IN: True} if contest.stand_in else {})
    return replace(bundle, provenance=bundle.provenance | told)


def _first(fitted: Fitted, rules: PromotionRules) -> Contest:
    """Without a champion: a fit, which must not be clearly worse than the seasonal naive on its test windows."""
    panel, plan, begins = fitted.everything.panel, fitted.evaluated.plan, fitted.split.calibration_end
    windows = duel_windows(panel, begins, plan.horizon)
    held_out = HeldOutRows(panel, begins, windows, plan.season_length, {})
    held_out.scores[NAIVE] = held_out.score(*naive_forecaster(panel, plan.horizon, plan.season_length))
    own = held_out.score(fitted.evaluated.forecaster, prepare(panel, fitted.split, plan).rows.scaling)
    scores = fitted.evaluated.scores
    # The errors are those that the fit reports, the test is made on its windows and those that reach into them.
    told = {"challenger": scores[plan.model], NAIVE: scores[NAIVE]}
    contest = Contest(new_rows=typical(panel.lengths), challenger=fitted)
    return judged(held_out, contest, told, own, rules)[0]


def _check_frequency(panel: Panel, champion: Bundle) -> None:
    step = champion.recent.frequency
    if panel.frequency != step:
        raise GateError(
            f"the data are {panel.frequency.name} ({panel.frequency.alias}); the model in service was fitted on "
            f"{step.name} ones ({step.alias})",
            hint="give data of the same steps, or publish under another --name",
        )


def _too_few(new: int, unseen: int, most: int, champion: Bundle, basics: FixedChoices, rules: PromotionRules) -> str:
    """Why there is nothing to compare on yet; empty where there is."""
    wanted = max(1, basics.horizon // 4 if rules.min_new_rows is None else rules.min_new_rows)
    if new < wanted:
        return f"{new} of {wanted} new rows"
    needed = min(basics.horizon, champion.spec.horizon, most)
    if unseen < needed:
        return f"{unseen} of {needed} rows that the version in service has not learned from"
    return ""


def _test_rows(panel: Panel, basics: FixedChoices) -> int:
    """Rows to hold out, as far as the champion has not learned from them: so that enough is left to learn from."""
    lengths, needed = panel.lengths, needed_rows(basics)
    longest = int(lengths.max(initial=0))
    typical = int(np.median(lengths[lengths >= needed])) if longest >= needed else longest
    horizon = basics.horizon
    # A model may do well at night and badly by day: up to a whole season is held out.
    most = max(_MAX_HORIZONS * horizon, basics.season_length, _ENOUGH_ROWS)
    wanted = int(np.clip(_HELD_OUT_SHARE * typical, horizon, most))
    return max(1, min(wanted, longest - needed))
