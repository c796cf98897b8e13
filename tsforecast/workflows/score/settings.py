"""What `score` is asked for. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tsforecast.errors import OptionError
from tsforecast.options import Checked, option

_FORM = "2026-06-30 (to its end) or 2026-06-30T12:00, in UTC unless it says an offset"


@dataclass(frozen=True)
class ScoreSettings(Checked):
    """Which forecasts and actuals count."""

    as_of: str | None = option(
        None,
        "Score",
        f"Score what was forecast by then, the newest for each time: {_FORM}.",
        unset="all",
        metavar="TIME",
        usual=True,
    )
    actuals_as_of: str | None = option(
        None, "Score", "Without DATA: take the actuals as they were known then.", unset="the newest", metavar="TIME"
    )
    newest: int | None = option(
        None, "Score", "Newest steps of the actuals to score.", unset="all", least=1, metavar="STEPS", usual=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.made_until, self.known_until

    @property
    def made_until(self) -> datetime | None:
        """The moment by which forecasts were made; None for all."""
        return _moment("as_of", self.as_of)

    @property
    def known_until(self) -> datetime | None:
        """The moment by which actuals were seen; None for the newest."""
        return _moment("actuals_as_of", self.actuals_as_of)


@dataclass(frozen=True)
class ScoreLimits(Checked):
    """Limits of the scores of all forecasts together; None for none. `max_wape` is in percent."""

    max_mae: float | None = option(None, "Limits", "Largest mean absolute error.", unset="none", above=0, usual=True)
    max_mase: float | None = option(
        None, "Limits", "The same as a multiple of the seasonal differences before.", unset="none", above=0, usual=True
    )
    max_wape: float | None = option(None, "Limits", "The same in percent of the actuals.", unset="none", above=0)
    max_coverage_gap: float | None = option(
        None,
        "Limits",
        "Share by which the coverage of any interval may lie below its level.",
        unset="none",
        least=0,
        most=1,
    )

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return any(value is not None for value in vars(self).values())


def _moment(name: str, text: str | None) -> datetime | None:
    """A time in UTC; a date alone is its end."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise OptionError(f"{name} is '{text}', which is no time", hint=f"write {_FORM}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1, microseconds=-1) if len(text) <= len("2026-06-30") else moment
