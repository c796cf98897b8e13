"""The report of a fit: metrics.json for programs and report.md for people, with the definition of every number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.files import whole_file, writing
from tsforecast.io.messages import counted
from tsforecast.json_output import json_bytes
from tsforecast.metrics import METRICS, metric_info
from tsforecast.safe_text import printable

if TYPE_CHECKING:
    from tsforecast.workflows.fit import FitResult

METRICS_FILE, REPORT_FILE = "metrics.json", "report.md"
_MISSING = "–"  # noqa: RUF001  (a dash, as in any table)
_COVERAGE = "coverage_"
_FACTS = {"seconds": "seconds of training", "windows": "windows scored"}
_HISTORY = {
    "phase": "phase",
    "member": "member",
    "epoch": "epoch",
    "loss": "loss",
    "val_loss": "validation loss",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm",
    "clipped_share": "clipped",
    "seconds": "seconds",
    "windows_per_second": "windows/s",
}


def report_files(folder: str | Path) -> tuple[Path, ...]:
    """The files that a report consists of."""
    return Path(folder) / METRICS_FILE, Path(folder) / REPORT_FILE


def write_report(result: FitResult, folder: str | Path) -> None:
    """Write metrics.json and report.md into a folder, which is made if need be.

    Raises:
        OutputError: the folder or a file cannot be created.
        StorageError: the disk is full or failed.
    """
    with writing(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    contents = json_bytes(result.to_dict()), markdown(result).encode()
    for path, data in zip(report_files(folder), contents, strict=True):
        with whole_file(path) as stream:
            stream.write(data)


def markdown(result: FitResult) -> str:
    """The report as Markdown."""
    sections = (
        _summary(result),
        _choices(result),
        _besides(result),
        _scores(result.scores),
        _coverage(result.scores),
        _training(result),
        _definitions(result.scores),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _summary(result: FitResult) -> str:
    rows = [
        ("data", _text(result.file)),
        ("series", f"{result.series:,}"),
        ("rows", f"{result.rows:,}"),
        ("frequency", result.frequency_name),
        ("horizon", counted(result.horizon, "step")),
        ("lookback", counted(result.lookback, "step")),
        ("season", counted(result.season_length, "step")),
        ("time taken", f"{result.seconds:,.0f} s"),
        ("stored in", _text(result.path)),
    ]
    parts = [
        f"# {_text(result.name)}, version {result.version}",
        f"**{_text(result.verdict)}**",
        _table(("", ""), rows),
    ]
    if result.notes:
        parts.append("## What was found in the data")
        kinds = {"info": "", "warning": "**warning**: "}
        parts.append("\n".join(f"- {kinds[note.kind]}{_text(note.text)}" for note in result.notes))
    return "\n\n".join(parts)


def _choices(result: FitResult) -> str:
    if not result.choices:
        return ""
    rows = [(_text(choice.name), _text(choice.value), _text(choice.reason)) for choice in result.choices]
    return f"## What was chosen, and why\n\n{_table(('setting', 'value', 'reason'), rows)}"


def _besides(result: FitResult) -> str:
    """What each of the covariates brings."""
    if not result.brought:
        return ""
    rows = [(_text(one.name), _text(one.role), _cell(one.error_without), _share(one.share)) for one in result.brought]
    return (
        "## What is known besides\n\n"
        f"The error of a linear model on validation windows is {_cell(result.brought[0].error)} seasonal differences "
        "with all of this. Without one of them it is as the table says; below zero, a linear model does better without "
        f"it.\n\n{_table(('', 'what it is', 'error without', 'brings'), rows)}"
    )


def _share(value: float) -> str:
    return f"{100 * value:+.1f} %" if math.isfinite(value) else _MISSING


def _scores(scores: Mapping[str, Mapping[str, float]]) -> str:
    """One row per metric but coverage, one column per model; the best of a row is bold."""
    rows = []
    for key in (key for key in _keys(scores) if not key.startswith(_COVERAGE)):
        values = [row.get(key) for row in scores.values()]
        cells = [_shown(key, value) for value in values]
        if (best := _best(key, values)) is not None:
            cells = [f"**{cell}**" if value == best else cell for cell, value in zip(cells, values, strict=True)]
        rows.append((_title(key), *cells))
    return (
        "## Scores\n\n"
        "On windows held out from training, in the unit of the data where a metric has one. The best of each row is "
        f"bold.\n\n{_table(('', *map(_text, scores)), rows)}"
    )


def _coverage(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Nominal level against observed share, one row per level."""
    levels = [key.removeprefix(_COVERAGE) for key in _keys(scores) if key.startswith(_COVERAGE)]
    if not levels:
        return ""
    rows = [
        (f"{level} %", *(_shown(_COVERAGE + level, row.get(_COVERAGE + level)) for row in scores.values()))
        for level in levels
    ]
    return (
        "## Coverage of the intervals\n\n"
        "The share of true values that lie in an interval, beside the share that it promises: below it the intervals "
        f"are too narrow, above it too wide.\n\n{_table(('promised', *map(_text, scores)), rows)}"
    )


def _training(result: FitResult) -> str:
    parts = ["## What it was trained on", _text(result.training_rows), f"Intervals: {_text(result.calibration)}."]
    if result.history:
        columns = [key for key in _HISTORY if any(key in row for row in result.history)]
        rows = [tuple(_cell(row.get(key)) for key in columns) for row in result.history]
        parts += ["## Epochs", _table(tuple(_HISTORY[key] for key in columns), rows)]
    return "\n\n".join(parts)


def _definitions(scores: Mapping[str, Mapping[str, float]]) -> str:
    known = [metric_info(key) for key in _keys(scores) if _is_metric(key)]
    used = {info.name: info.definition for info in known}
    lines = [f"- **{name}**: {_text(definition)}" for name, definition in used.items()]
    return (
        "## What the numbers mean\n\n"
        "y is the truth, f the forecast, q a probability level, l and u the ends of an interval, m the season length. "
        "Unless it says pooled, a metric is averaged over the windows of each series, then over the steps, then over "
        "the series.\n\n" + "\n".join(lines)
    )


def _keys(scores: Mapping[str, Mapping[str, float]]) -> list[str]:
    """All keys of the scores, in the order of the first model that has them."""
    return list(dict.fromkeys(key for row in scores.values() for key in row))


def _is_metric(key: str) -> bool:
    return key in METRICS or key.rpartition("_")[0] in METRICS


def _title(key: str) -> str:
    if not _is_metric(key):
        return _FACTS.get(key, key)
    info = metric_info(key)
    return info.name if key in METRICS else f"{info.name}, {key.rpartition('_')[2]} %"


def _best(key: str, values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known or not _is_metric(key):
        return None
    pick: dict[str, Callable[[list[float]], float]] = {"lower": min, "higher": max}
    direction = metric_info(key).direction
    return pick[direction](known) if direction in pick else None


def _shown(key: str, value: float | None) -> str:
    if key in ("skill", "mape_skipped") or key.startswith(_COVERAGE):
        return _MISSING if value is None or not math.isfinite(value) else f"{100 * value:.1f} %"
    if key == "seconds" and value is not None:
        return f"{value:,.1f}"
    return _cell(value)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _MISSING
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    return _text(str(value))


def _text(text: str) -> str:
    """Text of the user as Markdown and a terminal show it, whatever characters it holds."""
    flat = printable(text)
    for character in "\\`*|<[":
        flat = flat.replace(character, f"\\{character}")
    return flat


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
