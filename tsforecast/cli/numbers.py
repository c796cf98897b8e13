"""Numbers as they are typed: finite ones, and levels of intervals."""

from __future__ import annotations

import math
from typing import Any

import click

from tsforecast.errors import OptionError
from tsforecast.models.config import check_level


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
