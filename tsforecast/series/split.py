"""Chronological parts of each series: what is trained on, chosen by, calibrated on and scored on.

The parts follow each other in time: train | validation | calibration | test. Borders are row numbers within a series,
counted from its own end, so that series of different lengths are each held out at their newest rows. A window belongs
to a part when its whole target lies in it; its context may reach back into earlier parts, never forward.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tsforecast.errors import DataError

Rows = NDArray[np.int64]
PARTS = ("train", "validation", "calibration", "test")

# Each held-out part takes this share of the rows, but at least one horizon.
_HELD_OUT_SHARE = 0.1
_MAX_HELD_OUT_HORIZONS = 20


@dataclass(frozen=True)
class Split:
    """Borders within each series, all of shape (n_series,).

    A part that is empty has equal borders. The newest rows are held out first: a series too short for all parts has
    no training rows.
    """

    train_end: Rows
    validation_end: Rows
    calibration_end: Rows
    end: Rows

    def borders(self, part: str) -> tuple[Rows, Rows]:
        """First row of a part and the row after its last, for each series."""
        edges = [np.zeros_like(self.end), self.train_end, self.validation_end, self.calibration_end, self.end]
        number = PARTS.index(part)
        return edges[number], edges[number + 1]


def split_rows(lengths: Rows, *, validation: int, calibration: int, test: int) -> Split:
    """Hold out that many rows at the end of each series; a series too short for it is cut to what it has."""
    end = lengths.astype(np.int64)
    calibration_end = np.maximum(0, end - test)
    validation_end = np.maximum(0, calibration_end - calibration)
    return Split(np.maximum(0, validation_end - validation), validation_end, calibration_end, end)


def shifted_back(split: Split, times: int) -> Split:
    """The split moved back by its validation part, so many times; nothing beyond the validation part is left."""
    moved = times * (split.validation_end - split.train_end)
    train_end, end = np.maximum(0, split.train_end - moved), np.maximum(0, split.validation_end - moved)
    return Split(train_end, end, end, end)


def automatic_split(lengths: Rows, *, horizon: int, min_context: int) -> Split:
    """Hold out a tenth of the typical length three times, at least one horizon each, at most twenty.

    With too few rows for three parts the validation windows also calibrate (two parts); with too few for two, the
    test windows are all that is held out.

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
    part = int(np.clip(_HELD_OUT_SHARE * typical, horizon, _MAX_HELD_OUT_HORIZONS * horizon))
    room = typical - min_context - horizon
    for held_out, parts in ((part, 3), (horizon, 3), (horizon, 2), (horizon, 1)):
        if parts * held_out <= room:
            break
    sizes = {3: (held_out, held_out), 2: (held_out, 0), 1: (0, 0)}[parts]
    return split_rows(lengths, validation=sizes[0], calibration=sizes[1], test=held_out)


def all_training(lengths: Rows) -> Split:
    """Everything is for training: the split of the final fit."""
    return split_rows(lengths, validation=0, calibration=0, test=0)
