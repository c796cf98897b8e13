"""Types of option values: durations (`90s`, `45m`, `26h`, `7d`; a number alone is seconds), finite numbers, levels."""

from __future__ import annotations

import math
import re
from typing import Any

import click

from tsforecast.errors import OptionError
from tsforecast.models.options import check_level

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_PATTERN = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd]?)")
_MOST = 36_525 * _UNITS["d"]  # a century


class DurationType(click.ParamType):  # type: ignore[type-arg]  # generic from Click 8.4 on only
    """A duration; its value is a float, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        match = _PATTERN.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"'{value}' is not a duration; write 90s, 45m, 26h or 7d.", param, ctx)
        duration = float(match[1]) * _UNITS[match[2]]
        if duration > _MOST:
            self.fail(f"'{value}' is longer than a century.", param, ctx)
        return duration

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "DURATION"


DURATION = DurationType()


class Number(click.FloatRange):
    """A finite number, within a range where one is given: `nan` passes every comparison that it should fail."""

    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"'{value}' is not a finite number.", param, ctx)
        return number


class _Level(Number):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        level = super().convert(value, param, ctx)
        try:
            check_level(level)
        except OptionError as error:
            self.fail(f"{error}.", param, ctx)
        return level


LEVEL = _Level()
