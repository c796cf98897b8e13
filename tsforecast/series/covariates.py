"""What is known besides the series: columns up to now, columns known ahead, and what each series is.

What there is none of has a width of zero and is never None, so that a model without covariates reads the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tsforecast.arrays import Bool, Float64, Int64

UNKNOWN_CATEGORY = -1  # of a series whose label no series had in training
Labels = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Covariates:
    """What is known of the series of a panel besides their values, in the user's units and without NaN.

    Args:
        past: known up to now, shape (rows, n_past), row for row beside the panel's values.
        future: known ahead, shape (future_rows, n_future). The rows of a series begin with its first row, cover all of
            its rows, and may go on after its last.
        future_offsets: shape (n_series + 1,); series i is the rows future_offsets[i]:future_offsets[i + 1] of `future`.
        static: numbers of each series, shape (n_series, n_static).
        categories: of each series the number of its label, UNKNOWN_CATEGORY for another, shape (n_series,
            n_categories).
        labels: of each category column, sorted.
    """

    past: Float64
    future: Float64
    future_offsets: Int64
    static: Float64
    categories: Int64
    labels: Labels = ()

    @property
    def absent(self) -> bool:
        """Whether there are none."""
        return not any(each.shape[1] for each in (self.past, self.future, self.static, self.categories))

    @property
    def future_lengths(self) -> Int64:
        """Rows of each series in `future`, shape (n_series,)."""
        return np.diff(self.future_offsets)

    def between(self, first: Int64, last: Int64, offsets: Int64) -> Covariates:
        """Those of the rows first:last of each series. `past` is cut at `last`, `future` is not: it was known.

        Args:
            first: row within each series, from 0 to its length, shape (n_series,).
            last: row after the last, from `first` to the length, shape (n_series,).
            offsets: of the panel, shape (n_series + 1,).
        """
        lengths = self.future_lengths
        return replace(
            self,
            past=self.past[rows_between(first, last, np.diff(offsets))],
            future=self.future[rows_between(first, lengths, lengths)],
            future_offsets=_offsets(lengths - first),
        )

    def take(self, numbers: Int64, offsets: Int64) -> Covariates:
        """Those of some of the series, in the given order; `offsets` are the panel's."""
        return replace(
            self,
            past=self.past[rows_of(numbers, offsets)],
            future=self.future[rows_of(numbers, self.future_offsets)],
            future_offsets=_offsets(self.future_lengths[numbers]),
            static=self.static[numbers],
            categories=self.categories[numbers],
        )

    def followed_by(self, other: Covariates) -> Covariates:
        """Those of these series, then of others with the same columns; a label that only the others have is added."""
        pairs = zip(self.labels, other.labels, strict=True)
        labels = tuple((*own, *sorted(set(more) - set(own))) for own, more in pairs)
        return Covariates(
            past=np.concatenate([self.past, other.past]),
            future=np.concatenate([self.future, other.future]),
            future_offsets=np.concatenate([self.future_offsets, self.future_offsets[-1] + other.future_offsets[1:]]),
            static=np.concatenate([self.static, other.static]),
            categories=np.concatenate([self.categories, other.labelled(labels).categories]),
            labels=labels,
        )

    def labelled(self, labels: Labels) -> Covariates:
        """The same with the categories numbered as in `labels`, such as those of training."""
        categories = np.full_like(self.categories, UNKNOWN_CATEGORY)
        for column, (own, wanted) in enumerate(zip(self.labels, labels, strict=True)):
            known = {label: number for number, label in enumerate(wanted)}
            numbers = [known.get(label, UNKNOWN_CATEGORY) for label in own]
            # What is unknown here has the number -1, which takes the last of these.
            categories[:, column] = np.array([*numbers, UNKNOWN_CATEGORY])[self.categories[:, column]]
        return replace(self, categories=categories, labels=labels)


def no_covariates(offsets: Int64) -> Covariates:
    """None, as long as the series with these offsets are."""
    n_series = len(offsets) - 1
    nothing = np.empty((int(offsets[-1]), 0))
    return Covariates(nothing, nothing, offsets, np.empty((n_series, 0)), np.empty((n_series, 0), np.int64))


# A panel that is made with it gets none of its own length.
NO_COVARIATES = no_covariates(np.zeros(1, np.int64))


def rows_between(first: Int64, last: Int64, lengths: Int64) -> Bool:
    """Which rows of series one after the other are rows first:last of their series, shape (rows,)."""
    runs = np.stack([first, last - first, lengths - last], axis=1)
    return np.repeat(np.tile([False, True, False], len(lengths)), runs.ravel())


def rows_of(numbers: Int64, offsets: Int64) -> Int64:
    """The rows of some series, in the given order."""
    lengths = np.diff(offsets)[numbers]
    begins = _offsets(lengths)
    return np.arange(begins[-1]) + np.repeat(offsets[numbers] - begins[:-1], lengths)


def _offsets(lengths: Int64) -> Int64:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
