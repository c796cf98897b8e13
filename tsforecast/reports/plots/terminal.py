"""A small picture of one series in the letters of a terminal: history, forecast and the bounds of an interval."""

from __future__ import annotations

import textwrap

import numpy as np

from tsforecast.arrays import Float64
from tsforecast.reports.plots.picture import Curve, Picture, own_clock_texts
from tsforecast.series.frequency import Stamps

LEAST_WIDTH, _MOST_WIDTH = 40, 100
_HEIGHT = 9
# Where there are no braille dots: history, forecast, bounds, the last known row, and another scenario.
_ASCII = (".", "*", "-", "|", "o")
_COLORS = (None, "bright_cyan", "blue", "bright_black", "bright_yellow")


def terminal_lines(picture: Picture, width: int, *, braille: bool) -> list[str]:
    """The first series of a picture as lines of text; none where the terminal is too narrow.

    Args:
        picture: of which the first series is drawn.
        width: columns of the terminal.
        braille: whether it shows braille dots; else all is ASCII.
    """
    if width < LEAST_WIDTH:
        return []
    curve = picture.curves[0]
    low, high = _limits(curve)
    labels = [_number(value, high - low) for value in (high, (low + high) / 2, low)]
    margin = max(map(len, labels))
    columns = min(width, _MOST_WIDTH) - margin - 2
    canvas = _Drawing(curve, low, high, columns, braille)
    canvas.draw()
    at = {0: labels[0], _HEIGHT // 2: labels[1], _HEIGHT - 1: labels[2]}
    lines = [f"{at.get(row, ''):>{margin}} {text}" for row, text in enumerate(canvas.rows())]
    below = " " * (margin + 1) + _dates_below(curve, picture, canvas, columns)
    return [*_head(picture, curve, width, braille), *lines, below.rstrip()]


class _Drawing:
    """The canvas, and how its points are set in braille or ASCII."""

    def __init__(self, curve: Curve, low: float, high: float, columns: int, braille: bool) -> None:
        from plotille import Canvas

        self._curve, self._columns, self._braille = curve, columns, braille
        self._first = curve.past[0] if len(curve.past) else curve.future[0]
        end = max(self.since(curve.future)[-1], 1.0)
        margin = end / (2 * columns)  # the last point lies within the last letter
        self._canvas = Canvas(columns, _HEIGHT, 0.0, low, end + margin, high + (high - low) / (4 * _HEIGHT))
        self.end = end

    def since(self, stamps: Stamps) -> Float64:
        """Microseconds since the first row that is drawn, which of mere steps are their number."""
        return (stamps - self._first) / np.timedelta64(1, "us")

    def draw(self) -> None:
        """Draw what lies below first."""
        curve = self._curve
        if len(curve.past):
            self._upright(float(self.since(curve.past)[-1]))
        future = self.since(curve.future)
        if len(curve.lower):
            self._bounds(future, curve.lower[0])
            self._bounds(future, curve.upper[0])
        self._line(self.since(curve.past), curve.values, 0)
        if curve.what_if is not None:
            self._line(future, curve.what_if, 4)
        self._line(future, curve.y_pred, 1)

    def rows(self) -> list[str]:
        """The lines, the highest first."""
        return [line.replace("\u2800", " ").rstrip() for line in self._canvas.plot(linesep="\n").split("\n")]

    def _line(self, x: Float64, y: Float64, kind: int) -> None:
        known = np.isfinite(y)
        x, y = x[known], y[known]
        if not self._braille:
            steps = np.unique(np.concatenate([x, np.linspace(x[0], x[-1], self._columns)])) if x.size else x
            for at, value in zip(steps.tolist(), np.interp(steps, x, y).tolist() if x.size else (), strict=True):
                self._canvas.point(at, value, marker=_ASCII[kind], color=_COLORS[kind])
            return
        points = list(zip(x.tolist(), y.tolist(), strict=True))
        for one, other in zip(points[:1] + points, points, strict=False):
            self._canvas.line(*one, *other, color=_COLORS[kind])

    def _bounds(self, x: Float64, y: Float64) -> None:
        """Single dots, so that a bound is told from a line."""
        known = np.isfinite(y)
        if not known.any():
            return
        steps = np.arange(x[0], x[-1], self.end / (1.0 * self._columns))[1:]
        for at, value in zip(steps.tolist(), np.interp(steps, x[known], y[known]).tolist(), strict=True):
            marker = None if self._braille else _ASCII[2]
            self._canvas.point(at, value, marker=marker, color=_COLORS[2])

    def _upright(self, x: float) -> None:
        """The last known row."""
        low, high = self._canvas.ymin, self._canvas.ymax
        for row in range(2 * _HEIGHT):
            y = low + (row + 0.5) * (high - low) / (2 * _HEIGHT)
            self._canvas.point(x, y, marker=None if self._braille else _ASCII[3], color=_COLORS[3])


def _limits(curve: Curve) -> tuple[float, float]:
    """The lowest and the highest of what is drawn, a little apart where they are one."""
    other = curve.y_pred if curve.what_if is None else curve.what_if
    drawn = np.concatenate([curve.values, curve.y_pred, other, curve.lower[:1].ravel(), curve.upper[:1].ravel()])
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(drawn.min()), float(drawn.max())) if drawn.size else (0.0, 1.0)
    return (low, high) if high > low else (low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2)


def _number(value: float, span: float) -> str:
    """A number at the left, with as many digits as tell it from its neighbours."""
    decimals = max(0, min(6, 1 - int(np.floor(np.log10(span)))))
    return f"{value:,.{decimals}f}" if abs(value) < 1e9 else f"{value:.3g}"


def _head(picture: Picture, curve: Curve, width: int, braille: bool) -> list[str]:
    """What is drawn, in words."""
    steps = f"{len(curve.future) - bool(len(curve.past)):,} steps ahead"
    if len(curve.past):
        steps = f"{len(curve.past):,} rows and {steps}"
    text = f"{curve.label or picture.unit or 'forecast'}: {steps}"
    level = f"{picture.levels[0]:g} % interval" if picture.levels else ""
    if not braille:
        text += f" ({_ASCII[0]} known, {_ASCII[1]} forecast{f', {_ASCII[2]} {level}' if level else ''})"
    elif level:
        text += f", dots: {level}"
    if picture.what_if:
        text += f"; {'the other line' if braille else _ASCII[4]}: {picture.what_if}"
    if picture.caption:
        text += f"; {picture.caption[:1].lower()}{picture.caption[1:].rstrip('.')}"
    return textwrap.wrap(text if braille else text.encode("ascii", "replace").decode(), width)


def _dates_below(curve: Curve, picture: Picture, canvas: _Drawing, columns: int) -> str:
    """The first, the last known and the last time, as far as there is room."""
    last = own_clock_texts(curve.future[-1:], picture.clock)[0]
    end = columns - len(last)
    line = ""
    if len(curve.past):
        line, known = own_clock_texts(curve.past[[0, -1]], picture.clock)
        at = float(canvas.since(curve.past)[-1])
        place = round(at / canvas.end * (columns - 1)) + 1 - len(known)
        if len(line) + 2 < place and place + len(known) + 2 < end:
            line = f"{line:<{place}}{known}"
    return f"{line:<{end}}{last}" if len(line) + 2 < end else line or last
