"""What the commands that train or forecast have in common besides their declared options."""

from __future__ import annotations

from tsforecast.cli.options.shared import ending, option
from tsforecast.cli.options.types import LEVEL
from tsforecast.io.writing.forecasts import ENDINGS
from tsforecast.models.network.config import STRATEGIES
from tsforecast.models.registry import MODELS
from tsforecast.options import DEFAULT_LEVELS

_MODELS = "\b\nModels:\n" + "\n".join(f"  {name:14}  {model.summary}" for name, model in MODELS.items())
_STRATEGIES = "\b\nStrategies:\n" + "\n".join(f"  {name:14}  {summary}" for name, summary in STRATEGIES.items())
FIT_EPILOG = f"{_MODELS}\n\n{_STRATEGIES}"

level_option = option(
    "Forecast",
    "--level",
    "levels",
    type=LEVEL,
    multiple=True,
    default=[f"{level:g}" for level in DEFAULT_LEVELS],
    show_default=True,
    metavar="PERCENT",
    help="Of the intervals; may be repeated.",
)
forecast_ending = ending(*ENDINGS)
