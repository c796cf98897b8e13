"""The hold-out: the newest rows, which neither champion nor challenger has learned from, and the windows over them.

A version that a retraining publishes has not learned from the rows it was compared on, and says how many they are
(UNLEARNED). So daily runs can compare on whole horizons although only one row is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsforecast.fitting.scores import MAX_TEST, NAIVE, Score, ScoredWindows, Scorer, naive_forecaster
from tsforecast.series.panel import UNKNOWN_SERIES, Panel
from tsforecast.series.scaling import Scaling, scaling_of_rows
from tsforecast.series.strays import without_strays
from tsforecast.series.windows import Rows, WindowIndex
from tsforecast.store.bundle.bundle import Bundle

CHALLENGER, CHAMPION = "challenger", "champion"

# Fact of a version: how many of its newest rows its weights have not learned from, one number or one for each series.
# A version without it has learned from all rows, as after `fit`.
UNLEARNED = "unlearned_rows"


def typical_rows(rows: Rows, numbers: Rows, champion: Bundle) -> int:
    """Rows of the typical series: the median over the series that were going on when the champion was trained.

    Series that had ended by then tell nothing; where none was going on, those that the champion does not know count.

    Args:
        rows: of each series, shape (n_series,).
        numbers: of each series in the champion's training, shape (n_series,).
        champion: the version in service.
    """
    ends = champion.recent.ends
    going_on = (numbers != UNKNOWN_SERIES) & (ends[numbers] >= ends.max() - champion.spec.horizon)
    counted = going_on if going_on.any() else numbers == UNKNOWN_SERIES
    return int(np.median(rows[counted])) if counted.any() else 0


def unlearned_fact(rows: Rows) -> int | list[int]:
    """What a version stores as UNLEARNED: one number where it is the same for all series."""
    counts: list[int] = rows.tolist()
    return counts[0] if len(set(counts)) == 1 else counts


def _unlearned(champion: Bundle) -> Rows:
    """Newest rows of each of its series that the champion has not learned from, no more than it keeps."""
    stated: Any = champion.provenance.get(UNLEARNED, 0)
    lengths = champion.recent.lengths
    counts = stated if isinstance(stated, list) and len(stated) == len(lengths) else [stated] * len(lengths)
    valid = all(isinstance(count, int) and 0 <= count < 2**31 for count in counts)
    return np.minimum(np.array(counts, dtype=np.int64), lengths) if valid else np.zeros_like(lengths)


def unseen_rows(panel: Panel, numbers: Rows, champion: Bundle) -> Rows:
    """Newest rows of each series that the champion has not learned from, shape (n_series,).

    A series without new rows has none: it has ended, so it tells nothing and its rows are better learned from.
    """
    new = panel.rows_after(numbers, champion.recent.ends)
    before = np.where(numbers == UNKNOWN_SERIES, 0, _unlearned(champion)[numbers])
    return np.where(new > 0, np.minimum(new + before, panel.lengths), 0)


def hold_out(panel: Panel, unseen: Rows, most: int) -> Rows:
    """First held-out row of each series, shape (n_series,): at most `most` of its newest unseen rows are held out.

    Every series keeps its first row, so that there is something to forecast from.
    """
    return np.maximum(np.minimum(panel.lengths, 1), panel.lengths - np.minimum(unseen, most))


def held_out_windows(panel: Panel, begins: Rows, horizon: int, most: int = MAX_TEST) -> ScoredWindows:
    """The windows that forecast the held-out rows, each from every lead of the horizon, and which steps count.

    Windows begin before the hold-out and reach beyond its end; those steps do not count.

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
    """The champion's scaling, as for `predict`; series that it does not know are scaled by rows before the hold-out."""
    known = without_strays(panel.between(np.zeros_like(begins), begins))
    return scaling_of_rows(known, like=champion.scaling, series=numbers)


@dataclass(frozen=True)
class HeldOut:
    """The held-out rows, and how the champion and the seasonal naive forecast them.

    Args:
        begins: first held-out row of each series, shape (n_series,).
        scorer: scores models on the windows that forecast these rows.
        scores: of `champion`, where there is one, and `seasonal-naive`.
    """

    begins: Rows
    scorer: Scorer
    scores: dict[str, Score]

    @property
    def panel(self) -> Panel:
        """All rows."""
        return self.scorer.panel

    @property
    def horizon(self) -> int:
        """Steps of a window."""
        return self.scorer.windows.rows.shape[1]

    @property
    def rows(self) -> int:
        """Held-out rows of the typical series: the median over the series that have any, 0 without one."""
        rows = self.panel.lengths - self.begins
        return int(np.median(rows[rows > 0])) if np.any(rows > 0) else 0

    def before(self, first: Rows | None = None) -> Panel:
        """The rows before the held-out ones, from `first` on; each series keeps one."""
        first = np.zeros_like(self.begins) if first is None else np.clip(first, 0, np.maximum(0, self.begins - 1))
        return self.panel.between(first, self.begins)


def held_out_rows(panel: Panel, begins: Rows, *, horizon: int, season_length: int, champion: Bundle | None) -> HeldOut:
    """Hold rows out, and score the champion, where there is one, and the seasonal naive on them."""
    scorer = Scorer(panel, held_out_windows(panel, begins, horizon), season_length, begins)
    scores = {}
    if champion is not None:
        numbers = panel.numbers_in(champion.recent.ids)
        scaling = champion_scaling(champion, panel, numbers, begins)
        labels = champion.recent.covariates.labels
        scores[CHAMPION] = scorer.score(champion.forecaster, scaling, numbers, labels)
    scores[NAIVE] = scorer.score(*naive_forecaster(panel, horizon, season_length))
    return HeldOut(begins, scorer, scores)
