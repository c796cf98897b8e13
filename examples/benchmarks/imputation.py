"""The benchmark of filled gaps: by the protocol of TSI-Bench, and against a line on any files.

    python examples/benchmarks/imputation.py ../shared/data/ett/ETTh1.csv
    python examples/benchmarks/imputation.py --gaps 1 6 24 168 -- datasets/*.csv
    python examples/benchmarks/imputation.py --rows 50000

TSI-Bench (Du et al., arXiv:2406.12747): the first 14 months of ETTh1 are for training, the next 5 for validation, the
rest is the test. Columns are standardised by the training rows, windows of 48 rows follow each other without overlap,
and each is filled from what is left in it alone. Point: 10 % of the cells at random. Block: blocks of 6 rows and 6
columns at random, 6.72 a window on average, which may overlap and hide half of the cells (PyGrinder 0.6 with the factor
0.36 of the benchmark). The score is the mean absolute error of the cells that were taken out, over all columns.
The form of the regression is chosen on the validation windows, and the test is scored with that form once.

With `--gaps` each file loses stretches of so many steps, `tsforecast.impute` fills them with the automatic settings,
and a line does. A ratio of 1 is the error of a line.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import run, say, write_json

import tsforecast
from tsforecast.arrays import Bool, Float64
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.imputation.linear import linear
from tsforecast.models.imputation.regression import Process, learn, predict

Results = dict[str, dict[str, float]]
_WINDOW, _TRAINING, _VALIDATION = 48, 14, 5  # rows, and months
_POINT, _BLOCK, _FACTOR = 0.1, 6, 0.36
_PATTERNS = ("point 10 %", "block 50 %")
_SEASONS = (1, 24, 168)
_SHARE, _REPEATS = 0.05, 3  # of the rows of a file that are cut, and how often


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="*")
    parser.add_argument("--gaps", nargs="+", type=int, help="cut gaps of so many steps out of the files")
    parser.add_argument("--rows", type=int, help="seconds at so many rows, in place of files")
    parser.add_argument("--validation", action="store_true", help="score the validation windows only")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.rows:
        results: Any = seconds_at(arguments.rows)
    elif arguments.gaps:
        results = against_a_line(arguments.csv, arguments.gaps)
    else:
        results = protocol(arguments.csv[0], test=not arguments.validation)
    if arguments.json:
        write_json(results)
    else:
        sys.stdout.write(pd.DataFrame(results).T.to_string(float_format=lambda number: f"{number:.3f}") + "\n")


def protocol(file: str, *, test: bool) -> Results:
    """Errors on the windows of the test, by the form that is best on those of the validation."""
    table = pd.read_csv(file, parse_dates=[0])
    months = table.iloc[:, 0].dt.to_period("M")
    names = months.unique()
    parts = names[:_TRAINING], names[_TRAINING : _TRAINING + _VALIDATION], names[_TRAINING + _VALIDATION :]
    training, validation, last = (table[months.isin(part)].iloc[:, 1:].to_numpy(np.float64) for part in parts)
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    training, validation, last = ((rows - mean) / deviation for rows in (training, validation, last))
    found: Results = {}
    for number, pattern in enumerate(_PATTERNS):
        tried = {}
        for season in _SEASONS:
            for free in (False, True):
                process = learn(training, season, free=free)
                error, line = score(process, validation, pattern, np.random.default_rng(number))
                tried[season, free] = error, process
                say(f"{pattern}, validation: season {season}, {free=}: {error:.4f}, line {line:.4f}")
        best, process = min(tried.values(), key=lambda one: one[0])
        found[f"{pattern}, validation"] = {"regression": best, "linear": line}
        if test:
            error, line = score(process, last, pattern, np.random.default_rng(100 + number))
            found[f"{pattern}, test"] = {"regression": error, "linear": line}
    return found


def score(process: Process | None, rows: Float64, pattern: str, rng: np.random.Generator) -> tuple[float, float]:
    """Mean absolute error of what was taken out of windows, filled by the regression and by a line."""
    windows = rows[: len(rows) // _WINDOW * _WINDOW].reshape(-1, _WINDOW, rows.shape[1])
    hidden = taken_out(windows.shape, pattern, rng)
    known = np.where(hidden, np.nan, windows)
    # A column that lost all its values in a window has the mean of the training rows.
    lines = np.nan_to_num(np.stack([linear(window) for window in known]))
    if process is None:
        return float("nan"), float(np.abs(lines - windows)[hidden].mean())
    made = np.stack([predict(process, window) for window in known])
    made = np.where(np.isnan(made), lines, made)
    errors = (np.abs(each - windows)[hidden].mean() for each in (made, lines))
    error, line = (float(each) for each in errors)
    return error, line


def taken_out(cells: tuple[int, ...], pattern: str, rng: np.random.Generator) -> Bool:
    """Which cells of windows are hidden: single ones, or blocks, shape of the cells."""
    if pattern == _PATTERNS[0]:
        return rng.random(cells) < _POINT
    windows, rows, columns = cells
    hidden = np.zeros(cells, bool)
    starts = columns - _BLOCK + 1
    blocks = int(np.ceil(windows * starts * _FACTOR * rows * columns / _BLOCK**2))
    places = [rng.integers(most, size=blocks).tolist() for most in (windows, rows - _BLOCK + 1, starts)]
    for window, first, column in zip(*places, strict=True):
        hidden[window, first : first + _BLOCK, column : column + _BLOCK] = True
    return hidden


def against_a_line(files: list[str], lengths: list[int]) -> Results:
    """Errors in cut gaps over those of a line, and the coverage of intervals, of each file and length."""
    found: Results = {}
    for file in files:
        table = wide(file)
        for length in lengths:
            own = [cut_and_filled(table, length, seed) for seed in range(_REPEATS)]
            done = [each for each in own if each is not None]
            if not done:
                continue
            sums = np.sum(done, axis=0)
            error, line, cells, inside_80, inside_95, bounded, seconds = sums.tolist()
            row = {"error / line": error / line, "cells": cells}
            if bounded:
                row |= {"inside 80": inside_80 / bounded, "inside 95": inside_95 / bounded}
            found[f"{Path(file).stem}, {length}"] = row | {"cpu seconds": seconds / len(done)}
            say(f"{file}, {length}: " + ", ".join(f"{name} {value:.3f}" for name, value in row.items()))
    return found


def wide(file: str) -> pd.DataFrame:
    """A table with a column for each series, NaN where a value is missing."""
    panel = read_panel(file).panel
    columns = {}
    for number in range(panel.n_series):
        rows = slice(panel.offsets[number], panel.offsets[number + 1])
        values = np.where(panel.observed[rows], panel.values[rows], np.nan)
        columns[f"s{number}"] = pd.Series(values, index=pd.DatetimeIndex(panel.stamps(number), name="time"))
    return pd.DataFrame(columns).sort_index()


def cut_and_filled(table: pd.DataFrame, length: int, seed: int) -> list[float] | None:
    """Sums over the cut cells: errors, those of a line, cells, those inside of intervals, cells with any; seconds."""
    rng, truth = np.random.default_rng(1000 + seed), table.to_numpy()
    known = truth.copy()
    rows = len(truth)
    for column in range(truth.shape[1]):
        for _ in range(max(1, round(_SHARE * rows / length))):
            free = [
                first
                for first in rng.integers(1, max(2, rows - length), 50).tolist()
                if first + length < rows and np.isfinite(known[first - 1 : first + length + 1, column]).all()
            ]
            if free:
                known[free[0] : free[0] + length, column] = np.nan
    cut = np.isnan(known) & ~np.isnan(truth)
    if not cut.any():
        return None
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    made = tsforecast.impute(pd.DataFrame(known, index=table.index, columns=table.columns).reset_index(), seed=seed)
    seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - began
    scale = np.nanmean(np.abs(np.diff(truth, axis=0)), axis=0)
    frame = made.frame.set_index("time").loc[table.index, list(table.columns)].to_numpy()
    off, line = (np.abs((filled - truth) / scale)[cut].sum() for filled in (frame, linear(known)))
    panel, imputed = made.imputed.panel, made.imputed
    inside = []
    for number in range(panel.n_series):
        part = slice(panel.offsets[number], panel.offsets[number + 1])
        column = list(table.columns).index(panel.ids[number][-1] if panel.ids[number] else table.columns[0])
        own, place = cut[:, column], table.index.isin(panel.stamps(number))
        low, high = (bounds[part][own[place]] for bounds in (imputed.lower, imputed.upper))
        value = truth[own, column][:, None]
        inside.append(np.concatenate([(low <= value) & (value <= high), np.isfinite(low[:, :1])], axis=1))
    counted = np.concatenate(inside)
    return [off, line, cut.sum(), *counted.sum(axis=0).tolist(), seconds]


def seconds_at(rows: int) -> Results:
    """Seconds of each method, and of all, on a daily season of five minutes with gaps, with reading."""
    rng = np.random.default_rng(0)
    values = np.sin(2 * np.pi * np.arange(rows) / 288) + rng.normal(0, 0.3, rows)
    for length in (1, 6, 24, 168):
        for first in rng.integers(1, rows - length - 1, rows // 100 // length):
            values[first : first + length] = np.nan
    frame = pd.DataFrame({"time": pd.date_range("2020-01-01", periods=rows, freq="5min"), "value": values})
    found = {}
    for name in ("linear", "seasonal", "kalman", "regression", "auto"):
        began = time.monotonic()
        tsforecast.impute(frame, methods=name)
        found[name] = {"seconds": time.monotonic() - began}
        say(f"{name}: {found[name]['seconds']:.1f} s")
    return found


if __name__ == "__main__":
    run(main)
