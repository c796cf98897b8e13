"""The small picture of a forecast that follows on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsforecast.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsforecast.reports.plots.select import Pick
    from tsforecast.workflows.predict import PredictResult

MOST_SERIES = 1000  # so many are forecast at once for a picture; more are written in blocks, and none is drawn


def show_forecast(console: Console, result: PredictResult, names: Sequence[str] = (), pick: Pick = "largest") -> None:
    """Draw the series that are named, one below the other, or the one that `pick` says."""
    if not console.can_draw:
        return
    from dataclasses import replace

    from tsforecast.reports.plots.predicted import predicted
    from tsforecast.reports.plots.terminal import terminal_lines

    picture = predicted(result, names=names, pick=pick, most=max(1, len(names)))
    for curve in picture.curves:
        one = replace(picture, curves=(curve,))
        console.picture(lambda width, braille, one=one: terminal_lines(one, width, braille=braille))  # type: ignore[misc]
