"""The settings of a backtest. Data only: no heavy import."""

from __future__ import annotations

from dataclasses import dataclass

from tsforecast.errors import OptionError
from tsforecast.options import DEFAULT_LEVELS, Checked, check_levels, option

EVERY, NEVER = "every", "never"


@dataclass(frozen=True)
class BacktestSettings(Checked):
    """At which cutoffs forecasts are made, and from what.

    Args:
        levels: of the intervals whose coverage is scored, in percent.
    """

    windows: int = option(
        5, "Backtest", "Forecasts of each series, the last ending with its last row.", least=1, usual=True
    )
    step: int | None = option(
        None, "Backtest", "Rows from one cutoff to the next.", unset="the horizon, so that none overlap", least=1
    )
    gap: int = option(
        0, "Backtest", "Rows before each cutoff that are not known yet, as where data come late.", least=0
    )
    sliding: int | None = option(
        None, "Backtest", "Learn from so many of the newest known rows only.", unset="from all", least=2, metavar="ROWS"
    )
    refit: str = option(
        EVERY,
        "Backtest",
        "Fit anew before every window, every K-th, or never after the first.",
        metavar="every|K|never",
    )
    metric_season: int | None = option(
        None, "Backtest", "Season of the differences that MASE divides by.", unset="the model's season", least=1
    )
    calibration: str = option(
        "living",
        "Backtest",
        "Of the intervals: living ones learn from the windows since the fit, as in predict.",
        choices=("living", "fixed"),
    )
    jobs: int = option(1, "Backtest", "Fits made at the same time, each in a process of its own.", least=1, most=1024)
    levels: tuple[float, ...] = DEFAULT_LEVELS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_levels(self.levels)
        _ = self.refit_windows

    @property
    def refit_windows(self) -> int:
        """Windows that share a model; 0 for all.

        Raises:
            OptionError: `refit` is none of its words and no number.
        """
        words = {EVERY: 1, NEVER: 0}
        if self.refit in words:
            return words[self.refit]
        if self.refit.isdecimal() and self.refit.isascii() and 0 < int(self.refit) < 10**6:
            return int(self.refit)
        raise OptionError(f"refit is '{self.refit}'", hint="give every, never, or a number of windows from 1")
