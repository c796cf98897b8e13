"""The duel: models and the seasonal naive on the same windows of rows that none of them has learned from.

The newest rows of each series are held out, at least a horizon of the typical one. A version that a retraining has
published never learned the rows that it was compared on itself, and says so (UNLEARNED); so daily runs can compare on
whole horizons, though only one row is new. Windows begin so early and go on so long that each held-out row is forecast
from every lead of the horizon; where a window reaches beyond the held-out rows, those steps do not count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tsforecast.fitting.scores import MAX_TEST, ScoredWindows
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.series.scaling import Scaling, scaling_of_rows
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import Rows, WindowIndex
from tsforecast.store.bundle.bundle import Bundle

# Fact of a version: how many of its newest rows its weights have not learned from, one number or one for each series.
# Without it they have learned from all, as after `fit`.
UNLEARNED = "unlearned_rows"


def new_rows(panel: Panel, numbers: Rows, champion: Bundle) -> Rows:
    """Rows of each series after the last that the champion could have learned from, shape (n_series,).

    All rows of a series that it does not know are new.
    """
    ends = champion.recent.starts + champion.recent.lengths
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
    ends = champion.recent.starts + champion.recent.lengths
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
    lengths = champion.recent.lengths
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


def duel_windows(panel: Panel, begins: Rows, horizon: int, most: int = MAX_TEST) -> ScoredWindows:
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
    index = WindowIndex(origins.astype(np.int64), series.astype(np.int64)).at_most(most)
    targets = index.origins[:, None] + np.arange(horizon)
    inside = targets < panel.offsets[index.series + 1][:, None]
    held_out = inside & (targets >= (panel.offsets[:-1] + begins)[index.series][:, None])
    rows = np.minimum(targets, len(panel.values) - 1)
    return ScoredWindows(index, rows, held_out & panel.observed[rows])


def champion_scaling(champion: Bundle, panel: Panel, numbers: Rows, begins: Rows) -> Scaling:
    """The champion's scaling as `predict` has it: its own for series that it knows, that of earlier rows for others."""
    known = without_strays(panel.between(np.zeros_like(begins), begins))
    return scaling_of_rows(known, like=champion.scaling, series=numbers)


def held_out_values(panel: Panel, begins: Rows) -> NDArray[np.float64]:
    """The observed values of the held-out rows of all series."""
    numbers = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.lengths)
    return panel.values[panel.observed & (numbers >= np.repeat(begins, panel.lengths))]
