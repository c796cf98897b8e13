"""The options of pictures and pages: their file, and the series that are drawn."""

from __future__ import annotations

from typing import Any

import click

from tsforecast.cli.options.shared import Decorator, combine, ending, option
from tsforecast.cli.options.types import Choice

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
