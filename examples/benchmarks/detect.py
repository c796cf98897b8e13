"""The benchmark of anomalies: VUS-PR of every method of `tsforecast detect`, on labelled series.

    python examples/benchmarks/detect.py ../shared/data/anomaly/*.csv --windows ../shared/data/anomaly/windows.json
    python examples/benchmarks/detect.py --rows 50000
    python examples/benchmarks/detect.py --budget datasets/*.csv

A file has a time and a value in its first two columns, and a third that is above zero where a row is anomalous; or its
anomalous stretches stand in a file of NAB (`--windows`), by its name. VUS-PR (Paparrizos et al., Volume Under the
Surface, VLDB 2022) is that of the package `vus` 0.0.6 and of TSB-AD: the area under precision and recall with a buffer
around each label, averaged over all buffers up to twice the window that the autocorrelation suggests, at 250
thresholds. No threshold is tuned, and no score is adjusted by the labels. `--nab` gives the score of the Numenta
benchmark (Lavin and Ahmad, 2015; standard profile) of the alarms at the usual budget in its place: 100 for an alarm at
the first row of each label, 0 for none at all; an alarm is the first row of a stretch. `--rows` measures seconds,
`--budget` counts the alarms of files that are taken to be clean.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import run, say, show, write_json

import tsforecast
from tsforecast.arrays import Bool, Float64, Int64
from tsforecast.io.reading.panel import read_panel
from tsforecast.models.anomaly.methods import score_rows
from tsforecast.models.anomaly.names import AUTO, NAMES, RESIDUALS
from tsforecast.models.anomaly.windows import autocorrelation, find_window, smoothed_where_known
from tsforecast.models.options import FitOptions
from tsforecast.series.frequency import season_length
from tsforecast.workflows.detect.forecasts import forecast_errors

Results = dict[str, dict[str, float]]
_THRESHOLDS = 250
_FALSE_ALARM, _FAR = 0.11, 3.0  # of NAB: weight, and widths of a label after which an alarm is wholly false
_LAGS, _FIRST_LAG, _LONGEST, _OTHERWISE, _READ = 400, 3, 300, 125, 20_000  # of TSB-AD


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("csv", nargs="*")
    parser.add_argument("--windows", help="anomalous stretches of files without labels, as NAB writes them")
    parser.add_argument("--methods", nargs="+", default=NAMES)
    parser.add_argument("--model", help="its forecast errors, alone and in auto, beside all others on the newer half")
    parser.add_argument("--nab", action="store_true", help="the score of NAB in place of VUS-PR")
    parser.add_argument("--rows", type=int, help="seconds at so many rows, in place of files")
    parser.add_argument("--budget", action="store_true", help="count alarms of files that are taken to be clean")
    parser.add_argument("--every", help="with --budget: as --false-alarm-every")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.rows:
        results: Any = seconds_at(arguments.rows, arguments.methods)
    elif arguments.budget:
        results = alarms_of(arguments.csv, arguments.methods, arguments.every)
    else:
        stretches = json.loads(Path(arguments.windows).read_text()) if arguments.windows else {}
        judge = nab if arguments.nab else accuracy
        results = judge(arguments.csv, stretches, arguments.methods, arguments.model)
    if arguments.json:
        write_json(results)
    else:
        sys.stdout.write(pd.DataFrame(results).T.to_string(float_format=lambda number: f"{number:.3f}") + "\n")


def accuracy(
    files: list[str], stretches: dict[str, list[list[str]]], methods: list[str], model: str | None = None
) -> Results:
    """VUS-PR of each method on each file with anomalies, and their means."""
    results: Results = {}
    for file, series, labels in labelled(files, stretches):
        buffer = 2 * usual_window(series.iloc[:, 1].to_numpy(np.float64))
        scores = {name: tsforecast.detect(series, method=name).scores["score"] for name in methods}
        if model:
            scores |= with_model(series, model)
        # A model forecasts the newer half only: all are compared where it does.
        known = scores[f"{model} {RESIDUALS}"].notna() if model else pd.Series(True, index=series.index)
        if not labels[known].any():
            say(f"{file}: no labels in the newer half")
            continue
        filled = {name: each.fillna(each.min())[known].to_numpy() for name, each in scores.items()}
        own = {name: vus_pr(labels[known], each, buffer) for name, each in filled.items()}
        results[Path(file).stem] = own
        say(f"{file}: " + ", ".join(f"{name} {value:.3f}" for name, value in own.items()))
    means = pd.DataFrame(results.values()).mean().to_dict()
    return {**results, "mean": means}


def nab(
    files: list[str], stretches: dict[str, list[list[str]]], methods: list[str], model: str | None = None
) -> Results:
    """Score of NAB of the alarms of each method on each file with anomalies, and their means; without a model."""
    results: Results = {}
    for file, series, labels in labelled(files, stretches):
        alarms = {name: tsforecast.detect(series, method=name).scores["alarm"].to_numpy(bool) for name in methods}
        results[Path(file).stem] = {name: nab_score(labels, _ends(each)[0]) for name, each in alarms.items()}
    return {**results, "mean": pd.DataFrame(results.values()).mean().to_dict()}


def labelled(files: list[str], stretches: dict[str, list[list[str]]]) -> Iterator[tuple[str, pd.DataFrame, Bool]]:
    """Each file with anomalies: its name, its times and values, and which rows are anomalous."""
    for file in files:
        table = pd.read_csv(file)
        if pd.api.types.is_numeric_dtype(table.iloc[:, 0]):
            table.isetitem(0, pd.to_datetime(table.iloc[:, 0], unit="s"))
        labels = labels_of(table, stretches.get(Path(file).name, []))
        if labels.any():
            yield file, table.iloc[:, :2], labels
        else:
            say(f"{file}: no labels")


def with_model(series: pd.DataFrame, model: str) -> dict[str, pd.Series]:
    """Scores by the forecast errors of a model, alone and in `auto`; it is trained once."""
    data = read_panel(series)
    values, season = data.panel.values, season_length(data.panel.frequency)
    window = find_window(values, season)
    errors = forecast_errors(data, FitOptions(model=model, preset="fast"), show)
    forecasts = smoothed_where_known(errors, window)
    return {f"{model} {name}": pd.Series(score_rows(values, window, name, forecasts)) for name in (RESIDUALS, AUTO)}


def labels_of(table: pd.DataFrame, stretches: list[list[str]]) -> Bool:
    """Which rows of a file are anomalous."""
    if table.shape[1] > 2:
        return (table.iloc[:, 2] > 0).to_numpy()
    times = pd.to_datetime(table.iloc[:, 0])
    labels = np.zeros(len(table), bool)
    for first, last in stretches:
        labels |= ((times >= first) & (times <= last)).to_numpy()
    return labels


def usual_window(values: Float64) -> int:
    """The window of TSB-AD: the lag of the highest peak of the autocorrelation."""
    lags = autocorrelation(values[:_READ], _LAGS)[_FIRST_LAG:]
    peaks = 1 + np.flatnonzero((lags[1:-1] > lags[:-2]) & (lags[1:-1] > lags[2:]))
    if not peaks.size:
        return _OTHERWISE
    best = int(peaks[np.argmax(lags[peaks])])
    return best + _FIRST_LAG if _FIRST_LAG <= best <= _LONGEST else _OTHERWISE


def vus_pr(labels: Bool, scores: Float64, buffer: int) -> float:
    """Volume under the surface of precision, recall and buffers from 0 to `buffer`.

    Args:
        labels: which rows are anomalous, at least one, shape (rows,).
        scores: the higher, the less usual, shape (rows,).
        buffer: the widest; half of it lies on each side of a label.
    """
    count, order = len(scores), np.argsort(-scores, kind="stable")
    ranked = scores[order]
    levels = ranked[np.linspace(0, count - 1, _THRESHOLDS).astype(int)]
    predicted = np.searchsorted(-ranked, -levels, side="right")  # rows at or above each level
    hits = np.cumsum(labels[order])[predicted - 1]
    first, last = _ends(labels)
    areas = []
    for width in range(buffer + 1):
        weights = _buffered(labels, first, last, width)
        weighted = np.cumsum(weights[order])[predicted - 1]
        # A row of the buffer counts towards what is to be found only where it is predicted, and by half.
        recall = np.minimum(weighted / (labels.sum() + (weighted - hits) / 2), 1)
        recall *= _found(scores, first, last, width // 2, levels)
        areas.append(np.diff(recall, prepend=0.0) @ (weighted / predicted))
    return float(np.mean(areas))


def nab_score(labels: Bool, alarms: Int64) -> float:
    """Score of NAB, standard profile: early alarms in a label count more, late ones after it cost less than others.

    Args:
        labels: which rows are anomalous, at least one, shape (rows,).
        alarms: rows of the alarms, ascending.
    """
    first, last = _ends(labels)
    found: set[int] = set()
    total = 0.0
    for row in alarms.tolist():
        begun = int(np.searchsorted(first, row, side="right")) - 1
        width = int(last[begun] - first[begun]) + 1 if begun >= 0 else 1
        if begun >= 0 and row <= last[begun]:
            if begun not in found:
                total += _worth(-(int(last[begun]) - row + 1) / width) / _worth(-1.0)
            found.add(begun)
        else:
            total += _FALSE_ALARM * (_worth((row - int(last[begun])) / max(1, width - 1)) if begun >= 0 else -1.0)
    total -= len(first) - len(found)
    return 100 * (total + len(first)) / (2 * len(first))


def _worth(place: float) -> float:
    """What an alarm is worth by its place: -1 at the begin of a label, 0 at its end, in its widths after that."""
    return -1.0 if place > _FAR else 2 / (1 + math.exp(5 * place)) - 1


def _ends(labels: Bool) -> tuple[Int64, Int64]:
    """The first and the last row of each run of labels."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], labels, [False]]).astype(np.int8)))
    return changes[::2], changes[1::2] - 1


def _buffered(labels: Bool, first: Int64, last: Int64, width: int) -> Float64:
    """1 in a label, and less and less in half a width beside it."""
    weights = labels.astype(np.float64)
    steps = np.arange(1, width // 2 + 1)
    slope = np.sqrt(1 - steps / max(width, 1))
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        after, before = min(len(slope), len(labels) - 1 - end), min(len(slope), begin)
        weights[end + 1 : end + 1 + after] += slope[:after]
        weights[begin - before : begin] += slope[:before][::-1]
    return np.minimum(weights, 1.0)


def _found(scores: Float64, first: Int64, last: Int64, reach: int, levels: Float64) -> Float64:
    """The share of labels with a prediction in them or in their buffer; those whose buffers touch are one."""
    apart = last[:-1] + reach < first[1:] - reach
    begins = first[np.concatenate([[True], apart])]
    ends = last[np.concatenate([apart, [True]])]
    highest = [scores[max(0, begin - reach) : end + reach + 1].max() for begin, end in zip(begins, ends, strict=True)]
    return (np.array(highest)[:, None] >= levels).mean(axis=0)


def seconds_at(rows: int, methods: list[str]) -> Results:
    """Seconds of each method on a daily season of five minutes, with reading."""
    noise = np.random.default_rng(0).normal(0, 0.3, rows)
    values = np.sin(2 * np.pi * np.arange(rows) / 288) + noise
    frame = pd.DataFrame({"time": pd.date_range("2020-01-01", periods=rows, freq="5min"), "value": values})
    found = {}
    for name in methods:
        began = time.monotonic()
        tsforecast.detect(frame, method=name)
        found[name] = {"seconds": time.monotonic() - began}
    return found


def alarms_of(files: list[str], methods: list[str], every: str | None) -> Results:
    """Alarms of clean files, and what the budget allows; without files none of whose series can be judged."""
    found = {}
    for name in methods:
        alarms, allowed = 0, 0.0
        for file in files:
            result = tsforecast.detect(file, method=name, false_alarm_every=every).result
            if len(result.unjudged) + len(result.skipped) < result.series:
                alarms, allowed = alarms + len(result.anomalies), allowed + result.expected
        found[name] = {"alarms": alarms, "allowed": allowed, "ratio": alarms / allowed}
    return found


if __name__ == "__main__":
    run(main)
