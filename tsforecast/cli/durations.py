"""Durations as they are typed: `90` and `90s` are seconds, `45m` minutes, `26h` hours, `7d` days."""

from __future__ import annotations

import re
from typing import Any

import click

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
