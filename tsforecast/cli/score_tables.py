"""Tables that more than one command shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tsforecast.cli.console import Console
from tsforecast.cli.text import number, percent

_SCORES: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("MAE", "mae", number),
    ("RMSE", "rmse", number),
    ("MASE", "mase", number),
    ("sMAPE", "smape", number),
    ("skill", "skill", lambda value: percent(value, "+")),
    ("cov 80", "coverage_80", percent),
    ("cov 95", "coverage_95", percent),
    ("sec", "seconds", lambda value: "-" if value is None else f"{value:.1f}"),
)


def show_choices(console: Console, choices: Sequence[tuple[str, str, str]], *, err: bool) -> None:
    """What was chosen from the data: name, value and reason of each."""
    if choices:
        console.table(("choice", "value", "why"), choices, err=err)


def show_scores(console: Console, scores: Mapping[str, Mapping[str, float]], *, err: bool) -> None:
    """The models side by side; the definitions of the metrics are in `METRICS`."""
    console.table(
        ("model", *(title for title, _, _ in _SCORES)),
        [(model, *(show(row.get(key)) for _, key, show in _SCORES)) for model, row in scores.items()],
        err=err,
        title="Scores on windows held out from training",
    )
