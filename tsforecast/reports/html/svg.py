"""Drawings as inline SVG that is as wide as the page: lines are stretched, texts and strokes are not."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from tsforecast.reports.content import Chart, Curve
from tsforecast.reports.html.axes import (
    HEIGHT,
    WIDTH,
    Scale,
    area,
    bars,
    dots,
    path,
    round_numbers,
    whole_numbers,
    x_scale,
    y_scale,
)
from tsforecast.safe_text import printable

_LABEL = Markup('<text class="{}" x="{}%" y="{}%" text-anchor="{}">{}</text>')
_PATH = Markup('<path class="{} c-{}" d="{}"/>')


def drawing(chart: Chart) -> Markup:
    """A chart as an SVG of full width, whose height the style sheet gives."""
    scales = x_scale(chart), y_scale(chart)
    return Markup(
        '<svg class="chart{}" role="img" aria-label="{}">'
        '<svg class="plot" width="100%" height="86%" viewBox="0 0 {:g} {:g}" preserveAspectRatio="none" '
        'aria-hidden="true">{}</svg>{}</svg>'
    ).format(
        " square" if chart.square else "",
        printable(f"{chart.title}: {chart.description}"),
        WIDTH,
        HEIGHT,
        Markup("").join(_shapes(chart, scales)),
        Markup("").join(_labels(chart, scales)),
    )


def legend(chart: Chart) -> list[tuple[str, str]]:
    """What is drawn: role and label; nothing to tell of a single line."""
    entries = [(band.role, band.label) for band in reversed(chart.bands)]
    drawn: list[Curve] = [*chart.curves, *([chart.bars] if chart.bars else [])]
    entries = [(curve.role, curve.label) for curve in drawn] + entries
    return [entry for entry in entries if entry[1]] if len(entries) > 1 else []


def _shapes(chart: Chart, scales: tuple[Scale, Scale]) -> list[Markup]:
    shapes = [_grid(float(value), scales) for value, _ in round_numbers(scales[1])]
    for band in chart.bands:
        x, lower, upper = (np.asarray(values, np.float64) for values in (band.x, band.lower, band.upper))
        shapes.append(_PATH.format("band", band.role, area(x, lower, upper, scales)))
    if chart.mark is not None:
        at = float(scales[0].places(np.array([chart.mark]))[0])
        shapes.append(Markup('<path class="mark" d="M{:.1f} 0V{:g}"/>').format(at, HEIGHT))
    if chart.bars is not None:
        x, y = (np.asarray(values, np.float64) for values in (chart.bars.x, chart.bars.y))
        shapes.append(_PATH.format("bars", chart.bars.role, bars(x, y, scales)))
    for curve in chart.curves:
        x, y = (np.asarray(values, np.float64) for values in (curve.x, curve.y))
        shapes.append(_PATH.format("line", curve.role, path(x, y, scales)))
        if curve.dots:
            shapes.append(_PATH.format("dots", curve.role, dots(x, y, scales)))
    return shapes


def _grid(value: float, scales: tuple[Scale, Scale]) -> Markup:
    top = HEIGHT - float(scales[1].places(np.array([value]))[0])
    return Markup('<path class="grid" d="M0 {:.1f}H{:g}"/>').format(top, WIDTH)


def _labels(chart: Chart, scales: tuple[Scale, Scale]) -> list[Markup]:
    """Numbers above the lines of the grid, and what stands below the x axis. The plot takes the upper 86 %."""
    labels = []
    for value, text in round_numbers(scales[1]):
        share = 1 - float(scales[1].share(np.array([value]))[0])
        labels.append(_LABEL.format("tick-y", 0, f"{86 * share - 1:.2f}", "start", text))
    for place, text in chart.ticks or round_numbers(scales[0], 6, whole=whole_numbers(chart)):
        share = float(scales[0].share(np.array([place]))[0])
        anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"
        labels.append(_LABEL.format("tick-x", f"{100 * min(max(share, 0), 1):.2f}", 93, anchor, text))
    return labels
