"""From values to places in a drawing: scales, round numbers, and lines of fewer points that look the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.reports.content import Chart

WIDTH, HEIGHT = 1000.0, 400.0
_MOST_POINTS = 600
_LEFT, _RIGHT = 0.07, 0.015


@dataclass(frozen=True)
class Scale:
    """A stretch of values on a stretch of a drawing; `log` for logarithms."""

    low: float
    high: float
    length: float
    log: bool = False

    def share(self, values: Float64) -> Float64:
        """Where values lie, from 0 at the lowest to 1 at the highest."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log10(values) if self.log else np.asarray(values, np.float64)
        return (found - self.low) / (self.high - self.low)

    def places(self, values: Float64) -> Float64:
        """The same in units of the drawing."""
        return self.share(values) * self.length


def x_scale(chart: Chart) -> Scale:
    """The scale of all that is drawn, with room for the numbers of the y axis on the left."""
    parts = [*(curve.x for curve in chart.curves), *(band.x for band in chart.bands)]
    low, high = _extent([*parts, *([chart.bars.x] if chart.bars else [])])
    span = high - low or 1.0
    return Scale(low - _LEFT * span, high + _RIGHT * span, WIDTH)


def y_scale(chart: Chart) -> Scale:
    """The scale from below the lowest to above the highest value."""
    parts = [*(curve.y for curve in chart.curves), *([chart.bars.y] if chart.bars else [])]
    parts += [edge for band in chart.bands for edge in (band.lower, band.upper)]
    low, high = _extent(parts, log=chart.log)
    if chart.log:
        low, high = math.log10(low), math.log10(high)
    low = min(0.0, low) if chart.zero or chart.bars else low
    room = 0.06 * (high - low) or max(1.0, abs(high)) * 0.05
    return Scale(low if chart.zero else low - room, high + room, HEIGHT, chart.log)


def whole_numbers(chart: Chart) -> bool:
    """Whether all places on the x axis are whole numbers, as of steps and epochs."""
    drawn = [*chart.curves, *([chart.bars] if chart.bars else [])]
    return all(float(place).is_integer() for curve in drawn for place in curve.x if curve.role != "reference")


def round_numbers(scale: Scale, most: int = 5, *, whole: bool = False) -> tuple[tuple[float, str], ...]:
    """Round values within a scale, and how they are written; `whole` for whole numbers only."""
    if scale.log:
        powers = range(math.ceil(scale.low), math.floor(scale.high) + 1)
        step = max(1, -(-len(powers) // most))
        return tuple((10.0**power, f"1e{power}") for power in powers[::step])
    raw = max((scale.high - scale.low) / most, 1.0 if whole else 0.0)
    unit = 10.0 ** math.floor(math.log10(raw))
    spacing = next((factor * unit for factor in (1, 2, 5) if factor * unit >= raw), 10 * unit)
    first, count = math.ceil(scale.low / spacing), math.floor(scale.high / spacing)
    return tuple((number * spacing, tick_text(number * spacing, spacing)) for number in range(first, count + 1))


def tick_text(value: float, step: float) -> str:
    """A tick's number as people write it: 0.25, 950, 12,000, 3.4M."""
    for size, letter in ((1e9, "B"), (1e6, "M")):
        if abs(value) >= size and step >= size / 100:
            return f"{value / size:,.6g}{letter}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.3g}" if digits > 6 else f"{value + 0.0:,.{digits}f}"


def path(x: Float64, y: Float64, scales: tuple[Scale, Scale]) -> str:
    """A line as the path of an SVG; NaN interrupts it."""
    across, down = scales[0].places(x), HEIGHT - scales[1].places(y)
    pieces, pen = [], "M"
    for left, top in zip(*_thinned(across, down), strict=True):
        if not (math.isfinite(left) and math.isfinite(top)):
            pen = "M"
            continue
        pieces.append(f"{pen}{_short(left)} {_short(top)}")
        pen = "L"
    return "".join(pieces)


def area(x: Float64, lower: Float64, upper: Float64, scales: tuple[Scale, Scale]) -> str:
    """The area between two lines as the path of an SVG."""
    across = scales[0].places(x)
    down, up = (HEIGHT - scales[1].places(edge) for edge in (lower, upper))
    there = np.isfinite(down) & np.isfinite(up)
    if there.sum() < 2:
        return ""
    top = [f"{_short(left)} {_short(at)}" for left, at in zip(*_thinned(across[there], up[there]), strict=True)]
    low = [f"{_short(left)} {_short(at)}" for left, at in zip(*_thinned(across[there], down[there]), strict=True)]
    return f"M{'L'.join((*top, *reversed(low)))}Z"


def dots(x: Float64, y: Float64, scales: tuple[Scale, Scale]) -> str:
    """Points as lines without length, whose round ends stay round however a drawing is stretched."""
    across, down = scales[0].places(x), HEIGHT - scales[1].places(y)
    there = np.isfinite(across) & np.isfinite(down)
    return "".join(f"M{_short(left)} {_short(top)}h0" for left, top in zip(across[there], down[there], strict=True))


def bars(x: Float64, y: Float64, scales: tuple[Scale, Scale]) -> str:
    """Upright lines from zero."""
    zero = HEIGHT - float(scales[1].places(np.zeros(1))[0])
    across, down = scales[0].places(x), HEIGHT - scales[1].places(y)
    return "".join(f"M{_short(left)} {_short(zero)}V{_short(top)}" for left, top in zip(across, down, strict=True))


def _thinned(across: Float64, down: Float64) -> tuple[Float64, Float64]:
    """Of many points the lowest and the highest of each stretch, in their order."""
    count = len(down)
    if count <= _MOST_POINTS:
        return across, down
    kept: set[int] = {0, count - 1}
    for stretch in np.array_split(np.arange(count), _MOST_POINTS // 2):
        found = down[stretch]
        if np.isnan(found).any():
            kept.add(int(stretch[np.flatnonzero(np.isnan(found))[0]]))
        if np.isfinite(found).any():
            kept |= {int(stretch[np.nanargmin(found)]), int(stretch[np.nanargmax(found)])}
    chosen = sorted(kept)
    return across[chosen], down[chosen]


def _extent(parts: Iterable[Sequence[float] | Float64], *, log: bool = False) -> tuple[float, float]:
    """The lowest and the highest finite value."""
    values = np.concatenate([np.asarray(part, np.float64) for part in parts])
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    return (float(values.min()), float(values.max())) if values.size else (1.0, 2.0)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
