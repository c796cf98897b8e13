"""What `detect` is asked for. Data only: no heavy import."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tsforecast.errors import OptionError
from tsforecast.models.anomaly.names import AUTO, NAMES
from tsforecast.models.options import PRESETS
from tsforecast.models.registry import MODELS
from tsforecast.options import Checked, option

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BUDGET = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)")
USUAL_SECONDS, USUAL_ROWS = 30 * 86_400, 500


@dataclass(frozen=True)
class DetectSettings(Checked):
    """How anomalies are found, and how many false ones are accepted."""

    method: str = option(
        AUTO, "Detection", "How rows are scored; auto combines all by their ranks.", choices=NAMES, usual=True
    )
    false_alarm_every: str | None = option(
        None,
        "Detection",
        "The budget: one false alarm in so much time of a series, such as 30d or 12h, or in so many rows.",
        unset="30d, or 500 rows where these are more",
        metavar="DURATION|ROWS",
        usual=True,
    )
    model: str | None = option(
        None,
        "Detection",
        "A model of `fit`, fitted on the older half: its forecast errors in the newer one are a score more.",
        unset="none",
        choices=tuple(MODELS),
    )
    preset: str = option("fast", "Detection", "How thoroughly --model is trained.", choices=tuple(PRESETS))
    window: int | None = option(
        None, "Detection", "Rows that are looked at together.", unset="what the series repeats after", least=4
    )
    newest: int | None = option(
        None,
        "Detection",
        "Speak of anomalies in so many of the newest rows only.",
        unset="all",
        least=1,
        metavar="ROWS",
        usual=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.budget

    @property
    def budget(self) -> tuple[float, bool] | None:
        """Seconds (True) or rows (False) in which one false alarm is accepted; None for the usual.

        Raises:
            OptionError: neither a duration nor a number of rows.
        """
        if self.false_alarm_every is None:
            return None
        match = _BUDGET.fullmatch(str(self.false_alarm_every).strip())
        if match is None or float(match[1]) == 0:
            raise OptionError(
                f"false_alarm_every is '{self.false_alarm_every}'",
                hint="give a duration such as 30d, 12h or 90m, or a number of rows such as 500",
            )
        return float(match[1]) * _SECONDS.get(match[2], 1), bool(match[2])
