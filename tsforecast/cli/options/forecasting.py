"""The options that `predict` and `retrain` have in common besides those that are declared."""

from __future__ import annotations

from tsforecast.cli.options.shared import ending, option
from tsforecast.cli.options.types import LEVEL
from tsforecast.io.writing.forecasts import ENDINGS
from tsforecast.options import DEFAULT_LEVELS

level_option = option(
    "Forecast",
    "--level",
    "levels",
    usual=True,
    type=LEVEL,
    multiple=True,
    default=[f"{level:g}" for level in DEFAULT_LEVELS],
    show_default=True,
    metavar="PERCENT",
    help="Of the intervals; may be repeated.",
)
forecast_ending = ending(*ENDINGS)
