"""A bidirectional network that is trained by masking, and corrects the regression.

After BRITS (Cao et al., NeurIPS 2018): a recurrent network reads a window from both ends, with what is missing masked
and how long ago each column had a value as a decay (GRU-D, Che et al. 2018), and gives what is missing in all columns
at once. Here it begins from the regression of the same cells and learns what that leaves: its last layer starts at
zero. It learns from values that are hidden in the pattern of the gaps of the table, again and again elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tsforecast.arrays import Bool, Float32, Float64, Int64
from tsforecast.models.imputation.artificial import inner_trial
from tsforecast.models.imputation.gaps import Gap
from tsforecast.models.imputation.methods import Fill
from tsforecast.models.imputation.regression import Process, learn, predict, regression

_WINDOW, _STRIDE = 48, 24  # rows
_ROUNDS, _AT_ONCE = 8, 2  # of masks to learn from, and trials that hide values in each
_MOST_WINDOWS, _LEAST_WINDOWS = 4000, 64
_UNITS, _LAYERS, _BATCH, _RATE = 64, 2, 64, 2e-3
_FADING = 8.0  # rows after which a value is remembered by a third
_FURTHEST = 10.0  # deviations at which inputs are cut
EPOCHS = 10


@dataclass(frozen=True)
class _Trained:
    """A network with what its inputs need."""

    process: Process
    call: Callable[[Float32], Float32]
    window: int

    def fill(self, values: Float64) -> Float64:
        """Fill the gaps of a matrix, shape (rows, columns); what windows say of a cell is averaged."""
        missing = np.isnan(values)
        base = predict(self.process, values)
        if not missing.any():
            return base
        starts = _starts(len(values), self.window)
        starts = starts[sliding_window_view(missing.any(axis=1), self.window)[starts].any(axis=1)]
        made = self.call(_windows(_features(self.process, base, missing), starts, self.window))
        sums, counts = np.zeros(values.shape), np.zeros(len(values))
        for start, part in zip(starts.tolist(), made, strict=True):
            sums[start : start + self.window] += part
            counts[start : start + self.window] += 1
        moved = sums / np.maximum(counts, 1)[:, None] * self.process.scale
        return np.where(missing, base + moved, values)


def train(
    values: Float64, gaps: list[Gap], season: int, *, seed: int, threads: int, told: Callable[[], None]
) -> Fill | None:
    """Train a network on what is known of a table; None where there is too little.

    Args:
        values: NaN where missing, and where gaps will be judged, shape (rows, columns).
        gaps: of the table, whose pattern is hidden elsewhere.
        season: steps of the season that the regression takes out; 1 for none.
        seed: of weights and masks.
        threads: of the CPU.
        told: is called after each of `EPOCHS`.
    """
    process = learn(regression(values, season, free=False), season, free=False)
    if process is None:
        return None
    rng = np.random.default_rng(seed)
    window = min(_WINDOW, len(values))
    made = [_masked(process, values, gaps, window, rng) for _ in range(_ROUNDS)]
    inputs, targets = (np.concatenate(parts) for parts in zip(*made, strict=True))
    if len(inputs) < _LEAST_WINDOWS:
        return None
    picked = rng.permutation(len(inputs))[:_MOST_WINDOWS]
    return _Trained(process, _learn(inputs[picked], targets[picked], seed, threads, rng, told), window).fill


def _masked(
    process: Process, values: Float64, gaps: list[Gap], window: int, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Windows in which values were hidden: inputs, and what the regression leaves, beside which cells were hidden."""
    hidden = np.zeros(values.shape, bool)
    for _ in range(_AT_ONCE):
        hidden |= inner_trial(values, gaps, rng).hidden
    known = np.where(hidden, np.nan, values)
    base = predict(process, known)
    left = np.where(hidden, (values - base) / process.scale, 0.0)
    both = np.concatenate([left, hidden], axis=1).astype(np.float32)
    starts = _starts(len(values), window)
    starts = starts[sliding_window_view(hidden.any(axis=1), window)[starts].any(axis=1)]
    features = _features(process, base, np.isnan(known))
    return _windows(features, starts, window), _windows(both, starts, window)


def _starts(rows: int, window: int) -> Int64:
    return np.unique(np.append(np.arange(0, rows - window + 1, _STRIDE), rows - window))


def _windows(rows: Float32, starts: Int64, window: int) -> Float32:
    """Shape (windows, window, columns)."""
    return np.ascontiguousarray(sliding_window_view(rows, window, axis=0)[starts].transpose(0, 2, 1))


def _features(process: Process, base: Float64, missing: Bool) -> Float32:
    """What the network reads of each row: filled values, what is missing, how near a value is, the season."""
    rows = np.arange(len(base))
    filled = np.clip(np.nan_to_num(process.centred(base)), -_FURTHEST, _FURTHEST)
    near = np.stack([np.exp(-_distance(missing[:, column]) / _FADING) for column in range(missing.shape[1])], axis=1)
    turn = 2 * np.pi * rows / max(2, len(process.profile))
    place = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    return np.concatenate([filled, missing, near, place], axis=1).astype(np.float32)


def _distance(missing: Bool) -> Float64:
    """Rows to the nearest value, 0 where there is one; very many where there is none at all."""
    rows, seen = np.arange(len(missing)), np.flatnonzero(~missing)
    if not seen.size:
        return np.full(len(missing), 1e3)
    at = np.searchsorted(seen, rows)
    after, before = seen[np.minimum(at, len(seen) - 1)], seen[np.maximum(at - 1, 0)]
    return np.minimum(np.abs(after - rows), np.abs(rows - before)).astype(np.float64)


def _learn(
    inputs: Float32, targets: Float32, seed: int, threads: int, rng: np.random.Generator, told: Callable[[], None]
) -> Callable[[Float32], Float32]:
    """Train by the mean absolute error of hidden cells; gives the corrections of windows."""
    from tsforecast.models.training.runtime import start

    tf = start(threads)
    model = _model(inputs.shape[1:], targets.shape[2] // 2, seed)
    columns = targets.shape[2] // 2

    def loss(wanted: Any, made: Any) -> Any:
        hidden = wanted[..., columns:]
        return tf.reduce_sum(tf.abs(wanted[..., :columns] - made) * hidden) / (tf.reduce_sum(hidden) + 1e-6)

    import keras

    steps = EPOCHS * -(-len(inputs) // _BATCH)
    rate = keras.optimizers.schedules.CosineDecay(_RATE, steps)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss=loss)
    for _ in range(EPOCHS):
        order = rng.permutation(len(inputs))
        model.fit(inputs[order], targets[order], batch_size=_BATCH, epochs=1, verbose=0, shuffle=False)
        told()
    return lambda windows: np.asarray(model.predict(windows, batch_size=1024, verbose=0), np.float32)


def _model(shape: tuple[int, ...], columns: int, seed: int) -> Any:
    """Layers of GRUs in both directions; the last layer starts at zero."""
    import keras

    seeds = iter(np.random.SeedSequence(seed).generate_state(4 * _LAYERS).tolist())

    def cells() -> Any:
        return keras.layers.GRU(
            _UNITS,
            return_sequences=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=int(next(seeds)) % 2**31),
            recurrent_initializer=keras.initializers.Orthogonal(seed=int(next(seeds)) % 2**31),
        )

    read = keras.Input(shape)
    state = read
    for _ in range(_LAYERS):
        back = cells()
        back.go_backwards = True
        state = keras.layers.Bidirectional(cells(), backward_layer=back)(state)
    return keras.Model(read, keras.layers.Dense(columns, kernel_initializer="zeros")(state))
