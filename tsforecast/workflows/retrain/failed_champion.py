"""What is tried where champion or challenger is clearly worse than the seasonal naive: the world has changed.

First a challenger that does not mix the levels before and after the break. A long window holds both for as many rows as
it is long, and what is trained across a break learns the break: so the window is the shortest that is ever chosen, and
the rows are those since the break, where they are enough, or else those before it. It is compared on a shorter
hold-out, whose windows begin after the break as far as a horizon allows. (Windows of 98 rows made a linear model 5
times worse than the seasonal naive for ten weeks after the level rose to 1.8 times what it was.)

Where that loses too, and the champion is what fails, the best simple model takes its place.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError
from tsforecast.fitting.choose import shortest_lookback
from tsforecast.fitting.plan import FixedChoices
from tsforecast.fitting.scores import NAIVE
from tsforecast.models.options import FitOptions
from tsforecast.models.registry import BASELINES
from tsforecast.models.training.resume import NO_RECORDER
from tsforecast.progress import Message
from tsforecast.series.panel import Panel
from tsforecast.series.windows import Rows
from tsforecast.store.bundle.bundle import Bundle
from tsforecast.workflows.retrain.decision import Standings, champion_error
from tsforecast.workflows.retrain.held_out_rows import Contest, HeldOutRows, Training, face, held_out_rows_of
from tsforecast.workflows.retrain.settings import STANDS_IN, PromotionRules

# Rows since the break that are trained on alone, as a multiple of those without which nothing can be learned.
_ENOUGH = 3


def needed_rows(basics: FixedChoices) -> int:
    """Rows without which nothing can be learned."""
    return basics.min_context + 2 * basics.horizon


def replace_failed(
    lost: Contest,
    compared: Standings,
    held_out: HeldOutRows,
    numbers: Rows,
    champion: Bundle,
    basics: FixedChoices,
    training: Training,
    rules: PromotionRules,
) -> Contest:
    """Another challenger, or a simple model in the place of a champion that fails.

    The place of the break is looked for in all rows: it decides where training begins or ends and how much is held out,
    for all alike; what is learned from still ends before the hold-out.

    Args:
        lost: how the contest of the ordinary challenger ended.
        compared: how the models did in it.
        held_out: on which that was.
        numbers: of each series in the champion's training, shape (n_series,).
        champion: the version in service.
        basics: of the challenger.
        training: how challengers are made.
        rules: that decide.
    """
    panel, needed = held_out.panel, needed_rows(basics)
    since = rows_since_break(panel, max(basics.season_length, basics.horizon))
    rows = min(held_out.rows, max(held_out.horizon, since - needed))
    if rows < held_out.rows:
        held_out = held_out_rows_of(panel, np.maximum(held_out.begins, panel.lengths - rows), numbers, champion, basics)
    first = compared
    lookback = training.options.lookback or shortest_lookback(basics)
    session = replace(training.session, recorder=NO_RECORDER, graphs={})
    again = Training(replace(training.options, lookback=lookback), session)
    session.report(Message("info", f"the challenger lost; another is trained, as the level changed {since} rows ago"))
    contest = Contest(new_rows=lost.new_rows)
    try:
        contest, compared = face(held_out, again.learn(_rows(held_out, since, rows, needed)), rules, contest)
    except DataError as error:
        session.report(Message("warning", f"it could not be trained: {error}"))
    if contest.wins:
        return contest
    if champion.provenance.get(STANDS_IN) is True and not compared.champion_fails:
        # That was said when it took the place: it is no news that the model is not ready yet.
        stays = f"{lost.reason}; {champion.spec.name}, which stands in since another champion failed, stays"
        return replace(lost, undecided=True, reason=stays)
    if not compared.champion_fails:
        failed = f"; {champion_error(first)}, but not on the newest rows, and stays" if lost.champion_fails else ""
        return replace(lost, reason=lost.reason + failed)
    return _stand_in(lost, compared, held_out, again, rules)


def _rows(held_out: HeldOutRows, since: int, rows: int, needed: int) -> Panel:
    """The rows since the break where they are enough, those before it where they are not; all without a break."""
    lengths = held_out.panel.lengths
    if since - rows >= _ENOUGH * needed:
        return held_out.before(first=lengths - since)
    if since <= rows:
        return held_out.before()
    return held_out.panel.between(np.zeros_like(lengths), np.maximum(np.minimum(1, lengths), lengths - since))


def _stand_in(
    lost: Contest, compared: Standings, held_out: HeldOutRows, training: Training, rules: PromotionRules
) -> Contest:
    """The best simple model in the champion's place: the seasonal naive unless another is clearly better."""
    best: Contest | None = None
    for name in BASELINES:
        if name == training.options.model:
            continue
        asked = training.options
        options = FitOptions(model=name, horizon=asked.horizon, season_length=asked.season_length, seed=asked.seed)
        try:
            fitted = replace(training, options=options).learn(held_out.before())
        except DataError:
            continue
        made, told = face(held_out, fitted, rules, Contest(new_rows=lost.new_rows, stand_in=name))
        if not made.wins or (best is not None and not told.against[NAIVE].clearly_better):
            continue
        if best is None or made.errors["challenger"] < best.errors["challenger"]:
            best = made
    why = f"{champion_error(compared)} in this comparison"
    if best is None:
        return replace(lost, reason=f"{lost.reason}; {why}, and no simple model could take its place")
    return replace(best, reason=f"{why}; {best.stand_in} takes its place ({best.reason})")


_LOOKED_AT = 12  # times the least length of a stretch
_MOST_SERIES = 1000
_FAR = 5.0  # deviations from the median beyond which a value counts no more


def rows_since_break(panel: Panel, least: int) -> int:
    """Newest rows of each series since the level changed the most; 0 where no series is long enough to tell.

    The newest 12 stretches of `least` rows are split in two where two levels explain the values best, over all series
    together (least squares, each series in units of its own spread, outliers cut). There is always such a place; a
    model that is trained on the rows since has to prove itself like any other.

    Args:
        panel: the series, which are taken to change at the same distance from their end.
        least: rows before the break and since, such as a season.
    """
    rows = min(_LOOKED_AT * least, int(np.median(panel.lengths)))
    long = np.flatnonzero(panel.lengths >= rows)
    if rows < 2 * least or not len(long):
        return 0
    series = long[np.unique(np.linspace(0, len(long) - 1, _MOST_SERIES).astype(np.int64))]
    values = panel.values[panel.offsets[series + 1][:, None] + np.arange(-rows, 0)]
    centered = _standardised(values)
    before = np.arange(least, rows - least + 1)
    sums = np.cumsum(centered, axis=1)
    first, total = sums[:, before - 1], sums[:, -1:]
    explained = (first**2 / before + (total - first) ** 2 / (rows - before)).sum(axis=0)
    return int(rows - before[int(np.argmax(explained))])


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of a matrix in robust units around their median; one that hardly varies is zero."""
    low, middle, high = np.percentile(values, [10, 50, 90], axis=1, keepdims=True)
    spread = high - low
    known = spread > 1e-9 * np.abs(middle)
    scaled = np.where(known, (values - middle) / np.where(known, spread, 1.0), 0.0)
    clipped = np.clip(scaled, -_FAR, _FAR)
    return clipped - clipped.mean(axis=1, keepdims=True)
