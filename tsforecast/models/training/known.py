"""What a network in training reads besides the values, resident on the device: covariates, calendar, categories.

A row of the calendar is there once, however many series have it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tsforecast.models.network.config import Inputs, NetworkConfig
from tsforecast.models.network.keras_covariates import Covariates
from tsforecast.series.windows import ModelRows


class Known:
    """The covariates of some rows, as far as a network reads them."""

    def __init__(self, rows: ModelRows, network: NetworkConfig) -> None:
        self.network = network
        self.arrays = {name: resident(value) for name, value in _arrays(rows, network.inputs).items()}

    def assign(self, rows: ModelRows) -> None:
        """Take other rows in place of these."""
        for name, value in _arrays(rows, self.network.inputs).items():
            self.arrays[name].assign(value)

    def gather(self, origins: Any, series: Any, starts: Any) -> tuple[Any, Covariates | None]:
        """Categories (samples, n) of some windows, and their covariates; None where the network reads none.

        Args:
            origins: row of the first target step, shape (samples,).
            series: shape (samples,).
            starts: first row of each series.
        """
        network, inputs, arrays = self.network, self.network.inputs, self.arrays
        categories = tf.cast(series, tf.int32)[:, None]
        if "categories" in arrays:
            categories = tf.gather(arrays["categories"], series)
        if not (inputs.past or inputs.future or inputs.static):
            return categories, None
        start = tf.gather(starts, series)[:, None]
        rows = tf.maximum(origins[:, None] + tf.range(-network.lookback, 0, dtype=tf.int64), start)
        ahead = origins[:, None] + tf.range(network.horizon, dtype=tf.int64)
        past = [tf.gather(arrays["past"], rows)] if "past" in arrays else []
        future = []
        for name in ("future", "calendar"):
            if name in arrays:
                shift = tf.gather(arrays[f"{name}_begins"], series)[:, None] - start
                past.append(tf.gather(arrays[name], rows + shift))
                future.append(tf.gather(arrays[name], ahead + shift))
        static = tf.gather(arrays["static"], series) if "static" in arrays else None
        return categories, Covariates(
            _joined(past, (network.lookback, inputs.past)), _joined(future, (network.horizon, inputs.future)), static
        )


def _joined(parts: list[Any], shape: tuple[int, int]) -> Any:
    """The columns of all parts, whose shape (samples, *shape) is known before anything runs."""
    if not parts:
        return tf.zeros((1, shape[0], 0))
    return tf.ensure_shape(parts[0] if len(parts) == 1 else tf.concat(parts, axis=2), (None, *shape))


def _arrays(rows: ModelRows, inputs: Inputs) -> dict[str, NDArray[Any]]:
    """What stays on the device, by name: only what the network reads."""
    panel, scaling = rows.panel, rows.scaling
    known = panel.covariates
    arrays: dict[str, NDArray[Any]] = {}
    if any(inputs.category_widths[1:]):
        arrays["categories"] = rows.categories.astype(np.int32)
    if inputs.past > inputs.future:
        arrays["past"] = scaling.past.transform(known.past)
    if inputs.future and scaling.future.width:
        arrays["future"] = scaling.future.transform(known.future)
        arrays["future_begins"] = known.future_offsets[:-1]
    if inputs.future and rows.calendar.width:
        ordinals = np.unique(panel.starts[panel.series_of_row] + np.arange(len(panel.values)) - _begins(panel.offsets))
        calendars, numbers = rows.calendar.of_series(known)
        arrays["calendar"] = np.concatenate([each.features(panel.frequency, ordinals) for each in calendars])
        arrays["calendar_begins"] = np.searchsorted(ordinals, panel.starts) + numbers * len(ordinals)
    if inputs.static:
        arrays["static"] = scaling.static.transform(known.static)
    return arrays


def _begins(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of the series of each row."""
    return np.repeat(offsets[:-1], np.diff(offsets))


def resident(values: NDArray[Any]) -> Any:
    """An array on the device, to which one of another length can be assigned."""
    return tf.Variable(values, trainable=False, shape=tf.TensorShape([None, *values.shape[1:]]))
