"""The types of the options as keyword arguments, for editors and type checkers.

Written by `python -m tests.keywords` from the dataclasses that declare the options; a test compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    import pandas as pd

    from tsforecast.progress import Report
    from tsforecast.workflows.what_if import Given


class ReadKeywords(TypedDict, total=False):
    """Options of reading a table, but for those that name columns."""

    tz: str | None
    ambiguous: Literal["error", "first", "last", "infer"]
    date_format: str | None
    freq: str | None
    aggregate: Literal["sum", "mean", "last", "first", "min", "max"] | None
    on_duplicate: Literal["error", "first", "last", "mean", "sum"]
    fill_gaps: Literal["seasonal", "previous", "zero"]
    missing: str | Sequence[str]
    keep_value: str | Sequence[str]
    on_bad_series: Literal["error", "skip"]
    max_rows: int | None
    max_series: int | None
    delimiter: str | None
    decimal: Literal[".", ","] | None
    encoding: str
    skip_rows: int
    skip_footer: int
    thousands: str | None
    comment: str | None
    no_header: bool
    unpivot: bool
    start: str | None
    no_time: bool
    sheet: str | None
    sql: str | None


class _Columns(TypedDict, total=False):
    """Options that name columns."""

    time_col: str | None
    target_col: str | Sequence[str]
    id_col: str | Sequence[str]
    past_col: str | Sequence[str]
    future_col: str | Sequence[str]
    static_col: str | Sequence[str]
    category_col: str | Sequence[str]
    lag: str | Sequence[str]
    covariates: Literal["auto", "none"]
    holidays: str | Sequence[str]
    holidays_col: str | None
    holidays_around: int


class _Training(TypedDict, total=False):
    """Options of training."""

    horizon: int | None
    lookback: int | None
    season_length: int | None
    point: Literal["median", "mean"]
    preset: Literal["fast", "balanced", "best"]
    strategy: Literal["direct", "recursive", "seq2seq", "autoregressive"]
    layers: int
    units: int | None
    activation: Literal["tanh", "relu", "sigmoid"]
    segment: int | None
    linear_skip: Literal["auto", "on", "off"]
    dropout: float
    members: int | None
    normalisation: Literal["auto", "last", "mean-std", "mean-level", "none"]
    transform: Literal["auto", "none", "log"]
    scaler: Literal["auto", "standard", "scale", "robust", "minmax", "none"]
    calendar: str
    loss: Literal["quantile", "mae", "mse", "huber", "student-t"]
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"]
    learning_rate: float | None
    schedule: Literal["cosine", "exponential", "step", "plateau", "constant"]
    weight_decay: float
    batch_size: int | None
    epochs: int | None
    patience: int | None
    clip_norm: float
    seed: int
    time_limit: float | None
    device: Literal["auto", "cpu", "gpu"]
    threads: int


class FitKeywords(_Training, _Columns, ReadKeywords, total=False):
    """Options of `fit`."""

    model: Literal[
        "auto",
        "rnn",
        "lstm",
        "gru",
        "birnn",
        "bilstm",
        "bigru",
        "linear",
        "ets",
        "theta",
        "seasonal-shape",
        "seasonal-naive",
        "naive",
        "drift",
    ]


class _Windows(TypedDict, total=False):
    """Options of the windows that are scored."""

    windows: int
    step: int | None
    gap: int
    sliding: int | None
    refit: str
    metric_season: int | None
    calibration: Literal["living", "fixed"]
    jobs: int
    levels: tuple[float, ...]


class ScoreOptions(ReadKeywords, total=False):
    """Options of `score`."""

    as_of: str | None
    actuals_as_of: str | None
    newest: int | None
    max_mae: float | None
    max_mase: float | None
    max_wape: float | None
    max_coverage_gap: float | None


class DetectKeywords(_Columns, ReadKeywords, total=False):
    """Options of `detect`."""

    method: Literal["auto", "subpca", "discord", "polynomial", "residuals"]
    false_alarm_every: str | None
    model: Literal[
        "auto",
        "rnn",
        "lstm",
        "gru",
        "birnn",
        "bilstm",
        "bigru",
        "linear",
        "ets",
        "theta",
        "seasonal-shape",
        "seasonal-naive",
        "naive",
        "drift",
    ]
    preset: Literal["fast", "balanced", "best"]
    window: int | None
    newest: int | None


class ImputeKeywords(TypedDict, total=False):
    """Options of `impute`."""

    methods: str
    seed: int
    time_col: str | None
    target_col: str | Sequence[str]
    id_col: str | Sequence[str]
    tz: str | None
    ambiguous: Literal["error", "first", "last", "infer"]
    date_format: str | None
    freq: str | None
    aggregate: Literal["sum", "mean", "last", "first", "min", "max"] | None
    on_duplicate: Literal["error", "first", "last", "mean", "sum"]
    missing: str | Sequence[str]
    keep_value: str | Sequence[str]
    on_bad_series: Literal["error", "skip"]
    max_rows: int | None
    max_series: int | None
    delimiter: str | None
    decimal: Literal[".", ","] | None
    encoding: str
    skip_rows: int
    skip_footer: int
    thousands: str | None
    comment: str | None
    no_header: bool
    unpivot: bool
    start: str | None
    no_time: bool
    sheet: str | None
    sql: str | None


class BacktestKeywords(FitKeywords, _Windows, total=False):
    """Options of `backtest`."""


class CompareKeywords(_Training, _Columns, ReadKeywords, _Windows, total=False):
    """Options of `compare`."""


class PredictKeywords(ReadKeywords, total=False):
    """Arguments of `predict` but for the place of the model."""

    horizon: int | None
    levels: tuple[float, ...]
    fallback: bool
    future: str | Path | pd.DataFrame | None
    what_if: Given | Sequence[Given] | None
    calibration: Literal["living", "fixed"]
    series: str | Sequence[str]
    total: bool
    above: float | None
    ledger: bool
    report: Report | None


class ScoreKeywords(ScoreOptions, total=False):
    """Arguments of `score` but for the place of the model."""

    forecasts: str | Path | None
    report: Report | None
