"""The options of pictures and pages: their file, and the series that are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from tsforecast.cli.options.shared import Decorator, combine, ending, option
from tsforecast.cli.options.types import Choice
from tsforecast.errors import OptionError

if TYPE_CHECKING:
    from tsforecast.reports.plots.select import Pick
    from tsforecast.series.panel import Panel


@dataclass(frozen=True)
class Drawing:
    """What is drawn, from the options below.

    Args:
        plot: file of the picture; None where nothing is drawn.
        plot_dark: whether its background is dark.
        plot_title: above it; None for the usual one.
        plot_unit: beside its numbers; None for the column of the values.
        drawn: names of the series; none for those of `pick`.
        pick: which of many.
    """

    plot: str | None = None
    plot_dark: bool = False
    plot_title: str | None = None
    plot_unit: str | None = None
    drawn: tuple[str, ...] = ()
    pick: Pick = "largest"

    def check_drawable(self) -> None:
        """Refuse a file that nothing can be drawn into, before the work."""
        if self.plot is not None:
            from tsforecast.reports.plots.write import check_drawable

            check_drawable(self.plot, dark=self.plot_dark)

    def check_series(self, panel: Panel) -> None:
        """Refuse series that are named where nothing is drawn, and those that are not there."""
        self.check_used()
        if self.drawn:
            from tsforecast.workflows.named import numbers_of

            numbers_of(panel, self.drawn)

    def check_used(self) -> None:
        """Refuse series that are named where nothing is drawn."""
        if self.drawn and self.plot is None:
            raise OptionError("--series says what is drawn, and nothing is", hint="add --plot FILE")


plot_ending = ending(".png", ".svg", ".pdf", ".html")


def drawn_series(worst: str, *, only: bool = False) -> Decorator[Any]:
    """`--series` and `--pick`; `worst` says which series are the worst ones, `only` that no other is forecast."""
    drawn = "Series to draw, as messages name it; may be repeated. What is forecast stays the same."
    return combine(
        option(
            "Output",
            "--series",
            "drawn",
            multiple=True,
            metavar="NAME",
            help="Forecast only this series, named as messages name it; may be repeated." if only else drawn,
            show_default="all" if only else "those of --pick",
        ),
        option(
            "Output",
            "--pick",
            type=Choice(["largest", "worst", "first"]),
            default="largest",
            show_default=True,
            help=f"Which of many series to draw. The worst have {worst}.",
        ),
    )


def plot_option(what: str) -> Decorator[Any]:
    """`--plot` for a picture, or a page to zoom into."""
    return option(
        "Output",
        "--plot",
        usual=True,
        type=click.Path(),
        metavar="FILE",
        callback=plot_ending,
        help=f"Draw {what}: .png, .svg, .pdf, or .html to zoom into.",
    )


dark_option: Decorator[Any] = option(
    "Output", "--plot-dark", is_flag=True, help="For a dark background: a .png, .svg or .pdf."
)

report_option: Decorator[Any] = option(
    "Output",
    "--report",
    "page",
    usual=True,
    type=click.Path(),
    metavar="FILE",
    callback=ending(".html", ".md", ".json"),
    help="Write a page about the result: .html, .md or .json.",
)
