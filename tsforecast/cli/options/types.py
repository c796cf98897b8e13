"""Types of option values: durations (`90s`, `45m`, `26h`, `7d`; a number alone is seconds), finite numbers, levels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.options import check_level

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


class Choice(click.Choice[str]):
    """One of a few words, in small letters or capitals; the message names the closest one."""

    def __init__(self, choices: Sequence[str]) -> None:
        super().__init__(choices, case_sensitive=False)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        said = super().get_invalid_choice_message(value, ctx).rstrip(".")
        hint = did_you_mean(str(value), self.choices, otherwise="")
        return f"{said}; {hint}" if hint else said


class ChangeOrPath(click.types.StringParamType):
    """A change such as `price=+10%`, or the path of a table, which in a configuration file starts at its folder."""


CHANGE_OR_PATH = ChangeOrPath()


class Number(click.FloatRange):
    """A finite number: `nan` passes every comparison that it should fail.

    A range with one end is checked here. One with two ends is only shown in the help: its class checks it.
    """

    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(click.FLOAT.convert(value, param, ctx) if self._two_ends else super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"'{value}' is not a finite number.", param, ctx)
        return number

    @property
    def _two_ends(self) -> bool:
        return self.min is not None and self.max is not None

    def _describe_range(self) -> str:
        # Click would write x<=None for a number of any size.
        if self._two_ends:
            return f"{self.min:g}<=x<={self.max:g}"
        return "" if self.min is None else super()._describe_range()


class OrWord(click.ParamType):  # type: ignore[type-arg]  # generic from Click 8.4 on only
    """A value of another type, or one of a few words, each of which stands for a value."""

    def __init__(self, kind: Any, words: Mapping[str, Any]) -> None:
        self.kind, self.words = kind, words
        self.name = kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value is None or value in self.words:
            return self.words.get(value)
        return self.kind.convert(value, param, ctx)


class _Level(Number):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        level = super().convert(value, param, ctx)
        try:
            check_level(level)
        except OptionError as error:
            self.fail(str(error), param, ctx)
        return level


LEVEL = _Level(1, 99.9999)
