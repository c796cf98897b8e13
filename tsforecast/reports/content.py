"""What a report says, as values: made once, and then written as a page, as Markdown or as JSON.

A report begins with what everybody wants to know and goes on with sections. Both consist of blocks. Texts are plain:
whoever writes them into a page or a file makes them harmless there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING = "–"  # noqa: RUF001  (a dash, as in any table)


Values = Sequence[float] | NDArray[Any]


@dataclass(frozen=True)
class Number:
    """A number with the text that people read; `best` marks the best of its row."""

    value: float | None
    text: str
    best: bool = False


Cell = str | Number


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Item:
    """A line of a list: `warning` stands out, and `name` comes before the text."""

    text: str
    warning: bool = False
    name: str = ""


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        columns: headings, of which the first is that of the names of the rows.
        rows: as many cells each.
        caption: what it shows.
        folded: whether it is long and of interest to few, so that a page shows it when asked.
        find: what one may search for in it; empty for a table to read as a whole.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    folded: bool = False
    find: str = ""


@dataclass(frozen=True)
class Curve:
    """A line of a drawing; NaN interrupts it. `role` is the name of its colour."""

    label: str
    x: Values
    y: Values
    role: str
    dots: bool = False


@dataclass(frozen=True)
class Band:
    """An area between two lines."""

    label: str
    x: Values
    lower: Values
    upper: Values
    role: str


@dataclass(frozen=True)
class Chart:
    """A drawing.

    Args:
        title: above it.
        description: what is to be seen, for those who do not see it.
        curves: lines.
        bands: areas below the lines, the widest first.
        bars: heights above zero at places.
        ticks: places on the x axis and what they are called; empty for round numbers.
        x_label: what the x axis counts.
        y_label: what the y axis counts.
        log: whether the y axis is logarithmic.
        zero: whether the y axis begins at zero.
        mark: place of a vertical line; None for none.
        square: whether both axes are as long.
    """

    title: str
    description: str
    curves: tuple[Curve, ...] = ()
    bands: tuple[Band, ...] = ()
    bars: Curve | None = None
    ticks: tuple[tuple[float, str], ...] = ()
    x_label: str = ""
    y_label: str = ""
    log: bool = False
    zero: bool = False
    mark: float | None = None
    square: bool = False


@dataclass(frozen=True)
class Charts:
    """Drawings beside each other."""

    charts: tuple[Chart, ...]


Block = Text | Items | Table | Chart | Charts


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """A name that a link can lead to."""
        return re.sub(r"[^a-z]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Fact:
    """One of the few figures to see first, and what it means in a few words."""

    name: str
    value: str
    meaning: str = ""


@dataclass(frozen=True)
class Report:
    """A report.

    Args:
        title: what it is about.
        subtitle: where it comes from.
        verdict: how good the forecasts are, in a sentence.
        facts: figures to see first.
        first: blocks to see first.
        sections: the rest.
    """

    title: str
    subtitle: str
    verdict: str
    facts: tuple[Fact, ...]
    first: tuple[Block, ...]
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, each block with its kind."""
        return _plain(self)


def section(title: str, *blocks: Block | None) -> Section | None:
    """A section of the blocks that there are; None where there is none."""
    there = tuple(block for block in blocks if block is not None)
    return Section(title, there) if there else None


def number(value: float | None, text: str = "") -> Number:
    """A number, in four digits unless it is said otherwise; what is not finite is missing."""
    if value is None or not math.isfinite(value):
        return Number(None, MISSING)
    return Number(value, text or readable(value))


def readable(value: float) -> str:
    """Four digits, and no fraction of what has more."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def share(value: float | None) -> Number:
    """A share in percent."""
    return number(value, "" if value is None else f"{100 * value:.1f} %")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        names = {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        return names | ({"kind": type(value).__name__.lower()} if isinstance(value, Block) else {})
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(child) for child in value] if isinstance(value, list | tuple) else value
