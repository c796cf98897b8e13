"""The duel: models and the seasonal naive on the same windows of rows that none of them has learned from.

The newest rows of each series are held out, at least a horizon of the typical one. A version that a retraining has
published never learned the rows that it was compared on itself, and says so (UNLEARNED); so daily runs can compare on
whole horizons, though only one row is new. Windows begin so early and go on so long that each held-out row is forecast
from every lead of the horizon; where a window reaches beyond the held-out rows, those steps do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.metrics import evaluate, seasonal_errors
from tsforecast.models.calibration import PROBABILITIES, Calibration, window_spread
from tsforecast.models.forecasting import Intervals, in_user_units, predict_windows
from tsforecast.models.inference import UNKNOWN_SERIES
from tsforecast.models.spec import ModelSpec, Part, Weights
from tsforecast.scaling import Scaling, scaling_of_rows
from tsforecast.series import Panel
from tsforecast.store.bundle import Bundle
from tsforecast.strays import without_strays
from tsforecast.windows import Rows, WindowIndex, gather_context
from tsforecast.workflows.evaluation import LEVELS, MAX_TEST

_BATCH_VALUES = 1 << 20
NAIVE = "seasonal-naive"
# Fact of a version: how many of its newest rows its weights have not learned from, one number or one for each series.
# Without it they have learned from all, as after `fit`.
UNLEARNED = "unlearned_rows"


@dataclass(frozen=True)
class Contender:
    """A model that forecasts the windows.

    Args:
        spec: what it is.
        weights: its tensors.
        scaling: of every series of the panel, in the panel's order.
        series: number of each series in its training, UNKNOWN_SERIES for one it has not seen, shape (n_series,).
        calibration: of its intervals.
    """

    spec: ModelSpec
    weights: Weights
    scaling: Scaling
    series: Rows
    calibration: Calibration


@dataclass(frozen=True)
class DuelWindows:
    """What the contenders forecast.

    Args:
        index: the windows.
        rows: of their targets in the flat array, cut to its end, shape (samples, horizon).
        scored: whether a step lies in the held-out rows and was observed, shape (samples, horizon).
    """

    index: WindowIndex
    rows: Rows
    scored: NDArray[np.bool_]


def new_rows(panel: Panel, numbers: Rows, champion: Bundle) -> Rows:
    """Rows of each series after the last that the champion could have learned from, shape (n_series,).

    All rows of a series that it does not know are new.
    """
    ends = champion.context.starts + champion.context.lengths
    after = panel.starts + panel.lengths - ends[numbers]
    return np.where(numbers == UNKNOWN_SERIES, panel.lengths, np.clip(after, 0, panel.lengths))


def typical_rows(rows: Rows, numbers: Rows, champion: Bundle) -> int:
    """Rows of the typical series: the median over those that went on when the champion was trained.

    Series that had ended before tell nothing; where none went on, those that the champion does not know count.

    Args:
        rows: of each series, shape (n_series,).
        numbers: of each series in the champion's training, shape (n_series,).
        champion: the version in service.
    """
    ends = champion.context.starts + champion.context.lengths
    going = (numbers != UNKNOWN_SERIES) & (ends[numbers] >= ends.max() - champion.spec.horizon)
    counted = going if going.any() else numbers == UNKNOWN_SERIES
    return int(np.median(rows[counted])) if counted.any() else 0


def unlearned_fact(rows: Rows) -> int | list[int]:
    """What a version says under UNLEARNED: one number where it is the same for all series."""
    counts: list[int] = rows.tolist()
    return counts[0] if len(set(counts)) == 1 else counts


def _unlearned(champion: Bundle) -> Rows:
    """Newest rows of each of its series that the champion has not learned from, no more than it keeps."""
    stated: Any = champion.provenance.get(UNLEARNED, 0)
    lengths = champion.context.lengths
    counts = stated if isinstance(stated, list) and len(stated) == len(lengths) else [stated] * len(lengths)
    sound = all(isinstance(count, int) and 0 <= count < 2**31 for count in counts)
    return np.minimum(np.array(counts, dtype=np.int64), lengths) if sound else np.zeros_like(lengths)


def unseen_rows(panel: Panel, numbers: Rows, champion: Bundle) -> Rows:
    """Newest rows of each series that the champion has not learned from, shape (n_series,).

    None of a series without new rows: one that has ended has nothing to tell, and its rows are to be learned.
    """
    new = new_rows(panel, numbers, champion)
    before = np.where(numbers == UNKNOWN_SERIES, 0, _unlearned(champion)[numbers])
    return np.where(new > 0, np.minimum(new + before, panel.lengths), 0)


def hold_out(panel: Panel, unseen: Rows, most: int) -> Rows:
    """First held-out row of each series: of its unseen rows the newest are held out, `most` at most.

    Every series keeps its first row, so that there is something to forecast from. Shape (n_series,).
    """
    held_out = np.minimum(unseen, most)
    return np.maximum(np.minimum(panel.lengths, 1), panel.lengths - held_out)


def duel_windows(panel: Panel, begins: Rows, horizon: int, most: int = MAX_TEST) -> DuelWindows:
    """The windows that forecast the held-out rows, each from every lead, and where they count.

    Args:
        panel: all rows.
        begins: first held-out row of each series, shape (n_series,).
        horizon: steps of a window.
        most: windows that are kept, evenly spread.
    """
    lengths = panel.lengths
    low = np.maximum(1, begins - horizon + 1)
    counts = np.where(begins < lengths, np.maximum(0, lengths - low), 0)
    series = np.repeat(np.arange(panel.n_series), counts)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    origins = (panel.offsets[:-1] + low)[series] + number
    index = WindowIndex(origins.astype(np.int64), series.astype(np.int64)).thin(most)
    targets = index.origins[:, None] + np.arange(horizon)
    inside = targets < panel.offsets[index.series + 1][:, None]
    held_out = inside & (targets >= (panel.offsets[:-1] + begins)[index.series][:, None])
    rows = np.minimum(targets, len(panel.values) - 1)
    return DuelWindows(index, rows, held_out & panel.observed[rows])


def champion_contender(champion: Bundle, panel: Panel, numbers: Rows, begins: Rows) -> Contender:
    """The champion as `predict` uses it: its own scaling for series that it knows, that of earlier rows for others."""
    known = without_strays(panel.between(np.zeros_like(begins), begins))
    scaling = scaling_of_rows(known.values, known.observed, known.offsets, like=champion.scaling, series=numbers)
    return Contender(champion.spec, champion.weights, scaling, numbers, champion.calibration)


def naive_contender(panel: Panel, horizon: int, season_length: int) -> Contender:
    """The seasonal naive, which takes the values as they are."""
    count = panel.n_series
    spec = ModelSpec(NAIVE, horizon, season_length, (Part(NAIVE, 1.0, max(2, season_length)),))
    # Each series' first value is taken out: of a large level float32 would keep no digit of what moves.
    first = without_strays(panel).values[panel.offsets[:-1]]
    scaling = Scaling("none", "none", first, np.ones(count), np.zeros(count, dtype=bool))
    nothing = Calibration(np.zeros((horizon, len(PROBABILITIES))), 0, "a point forecast")
    return Contender(spec, {}, scaling, np.arange(count), nothing)


@dataclass(frozen=True)
class Score:
    """How one contender did.

    Args:
        metrics: all of them.
        errors: mean absolute error at each held-out row counted from the end of the series, the oldest first, over all
            series and all windows that forecast it, NaN where nothing was observed; in units of each series' seasonal
            error where there are several. Shape (rows,).
    """

    metrics: dict[str, float]
    errors: NDArray[np.float64]


def score(panel: Panel, windows: DuelWindows, contender: Contender, season_length: int, begins: Rows) -> Score:
    """All metrics of one contender on the windows' steps that count, and its errors row by row.

    Args:
        panel: all rows.
        windows: from `duel_windows`.
        contender: whose horizon is at least that of the windows; later steps do not count.
        season_length: of the differences that errors are scaled by.
        begins: first held-out row of each series; differences are taken before it. Shape (n_series,).
    """
    made = forecasts(without_strays(panel, begins), windows, contender)
    seasonal_error = seasonal_errors(panel.values, panel.observed, panel.offsets, season_length, begins)
    metrics = evaluate(
        panel.values[windows.rows],
        made.y_pred,
        observed=windows.scored,
        series=windows.index.series,
        seasonal_error=seasonal_error,
        lower=made.lower,
        upper=made.upper,
        levels=LEVELS,
    )
    return Score(metrics, _row_errors(panel, windows, made.y_pred, seasonal_error[0]))


def _row_errors(
    panel: Panel, windows: DuelWindows, y_pred: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of every series first, then their mean: one with more windows does not count more."""
    usable = scale > 0
    if panel.n_series == 1 or not usable.any():
        scale, usable = np.ones(panel.n_series), np.ones(panel.n_series, dtype=bool)
    series = windows.index.series
    counted = windows.scored & usable[series][:, None]
    if not counted.any():
        return np.empty(0)
    owner = np.broadcast_to(series[:, None], counted.shape)[counted]
    from_end = (panel.offsets[series + 1][:, None] - 1 - windows.rows)[counted]
    error = np.abs(panel.values[windows.rows] - y_pred)[counted] / scale[owner]
    cells, place = np.unique(from_end * panel.n_series + owner, return_inverse=True)
    each = np.bincount(place, error) / np.bincount(place)
    rows = cells // panel.n_series
    count = np.bincount(rows)
    means = np.bincount(rows, each) / np.where(count > 0, count, 1)
    return np.where(count > 0, means, np.nan)[::-1]


def forecasts(panel: Panel, windows: DuelWindows, contender: Contender) -> Intervals:
    """Forecasts of the windows with their intervals, in the user's units; steps beyond the windows' are left out."""
    spec, index, horizon = contender.spec, windows.index, windows.rows.shape[1]
    size = max(1, _BATCH_VALUES // (spec.lookback + spec.horizon))
    made = []
    for begin in range(0, len(index), size):
        part = index.take(np.arange(begin, min(begin + size, len(index))))
        values, mask = gather_context(panel.values, panel.offsets, part, lookback=spec.lookback)
        context = contender.scaling.transform(values, part.series[:, None])
        made.append(
            in_user_units(
                predict_windows(spec, contender.weights, context, mask, contender.series[part.series]),
                window_spread(context, mask, spec.season_length),
                spec=spec,
                calibration=contender.calibration,
                scaling=contender.scaling,
                series=part.series,
                levels=LEVELS,
            )
        )
    y_pred, lower, upper = (
        np.concatenate([getattr(one, name)[:, :horizon] for one in made]) for name in ("y_pred", "lower", "upper")
    )
    return Intervals(y_pred, lower, upper)


def held_out_values(panel: Panel, begins: Rows) -> NDArray[np.float64]:
    """The observed values of the held-out rows of all series."""
    numbers = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.lengths)
    return panel.values[panel.observed & (numbers >= np.repeat(begins, panel.lengths))]
