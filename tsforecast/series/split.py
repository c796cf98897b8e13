"""Chronological subsets of each series: what is trained on, chosen by, calibrated on and scored on.

The subsets follow each other in time: train | validation | calibration | test. Borders are row numbers within a series,
counted from its own end, so that series of different lengths are each held out at their newest rows. A window belongs
to a subset when its whole target lies in it; its values may reach back into earlier ones, never forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tsforecast.errors import DataError
from tsforecast.series.windows import Rows

SUBSETS = ("train", "validation", "calibration", "test")

# Each held-out subset takes this share of the rows, but at least one horizon.
_HELD_OUT_SHARE = 0.1
_MAX_HELD_OUT_HORIZONS = 20


@dataclass(frozen=True)
class Split:
    """Borders within each series, all of shape (n_series,).

    An empty subset has equal borders. The newest rows are held out first: a series too short for all of them has no
    training rows.
    """

    train_end: Rows
    validation_end: Rows
    calibration_end: Rows
    end: Rows

    def borders(self, subset: str) -> tuple[Rows, Rows]:
        """First row of a subset and the row after its last, for each series."""
        edges = [np.zeros_like(self.end), self.train_end, self.validation_end, self.calibration_end, self.end]
        number = SUBSETS.index(subset)
        return edges[number], edges[number + 1]


def split_rows(lengths: Rows, *, validation: int, calibration: int, test: int) -> Split:
    """Hold out that many rows at the end of each series; a series too short for it is cut to what it has."""
    end = lengths.astype(np.int64)
    calibration_end = np.maximum(0, end - test)
    validation_end = np.maximum(0, calibration_end - calibration)
    return Split(np.maximum(0, validation_end - validation), validation_end, calibration_end, end)


def shifted_back(split: Split, times: int) -> Split:
    """The split moved back by its validation rows, so many times; nothing beyond the validation rows is left."""
    moved = times * (split.validation_end - split.train_end)
    train_end, end = np.maximum(0, split.train_end - moved), np.maximum(0, split.validation_end - moved)
    return Split(train_end, end, end, end)


def automatic_split(lengths: Rows, *, horizon: int, min_context: int) -> Split:
    """Hold out a tenth of the typical length three times, at least one horizon each, at most twenty.

    With too few rows for three subsets the validation windows also calibrate; with too few for two, the test windows
    are all that is held out.

    Raises:
        DataError: no series has a context and two horizons; the message says what is needed.
    """
    longest, needed = int(lengths.max(initial=0)), min_context + 2 * horizon
    if longest < needed:
        raise DataError(
            f"the longest series has {longest} rows; a context of {min_context} and a horizon of {horizon} "
            f"need {needed} (one horizon to learn from and one to be scored on)",
            hint="give more rows, or a smaller --horizon or --lookback",
        )
    typical = int(np.median(lengths[lengths >= needed]))
    share = int(np.clip(_HELD_OUT_SHARE * typical, horizon, _MAX_HELD_OUT_HORIZONS * horizon))
    room = typical - min_context - horizon
    for held_out, subsets in ((share, 3), (horizon, 3), (horizon, 2), (horizon, 1)):
        if subsets * held_out <= room:
            break
    sizes = {3: (held_out, held_out), 2: (held_out, 0), 1: (0, 0)}[subsets]
    return split_rows(lengths, validation=sizes[0], calibration=sizes[1], test=held_out)


def all_training(lengths: Rows) -> Split:
    """Everything is for training: the split of the final fit."""
    return split_rows(lengths, validation=0, calibration=0, test=0)
