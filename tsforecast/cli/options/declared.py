"""Options of the command line made from the dataclasses that declare them, and those classes made from their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import click

from tsforecast.cli.options.shared import Decorator, combine, option
from tsforecast.cli.options.types import DURATION, Choice, Number, OrWord
from tsforecast.options import Option, declared

Options = TypeVar("Options")
OFF = {"off": None}
_METAVARS = {int: "N", float: "X"}


def options_of(kind: type, *sections: str, without: tuple[str, ...] = (), **special: dict[str, Any]) -> Decorator[Any]:
    """A decorator that adds the options which a dataclass declares.

    Args:
        kind: the dataclass.
        sections: headings whose options are added; none for all.
        without: fields that are left out.
        special: settings of click.option for a field, in place of those that follow from its declaration.
    """
    rows = [each for each in declared(kind).values() if not sections or each.section in sections]
    rows = [each for each in rows if each.name not in without]
    return combine(*(_click_option(each, special.get(each.name, {})) for each in rows))


def collect(kind: type[Options], values: Mapping[str, Any]) -> Options:
    """A dataclass of options from the values of a command; a field that the command does not take keeps its default.

    Raises:
        OptionError: a value that the class refuses.
    """
    return kind(**{each.name: values[each.name] for each in fields(kind) if each.name in values})  # type: ignore[arg-type]


def _click_option(each: Option, special: dict[str, Any]) -> Decorator[Any]:
    long = f"--{(each.typed or each.name).replace('_', '-')}"
    settings: dict[str, Any] = {"default": each.default, "help": each.help, "usual": each.usual}
    if each.kind is bool:
        opposite = each.opposite or (f"--no-{long[2:]}" if each.default else "")
        settings |= {"show_default": True, "is_flag": True}
        return option(each.section, f"{long}/{opposite}" if opposite else long, each.name, **settings)
    settings |= {"show_default": each.unset or True, "multiple": each.many, "type": _type(each)}
    settings["metavar"] = each.metavar or ("DURATION" if each.duration else _METAVARS.get(each.kind))
    if each.off:
        settings |= {"type": OrWord(settings["type"], OFF), "default": "off" if each.default is None else each.default}
    if each.words:
        settings["callback"] = _replacing(each.words)
    return option(each.section, long, each.name, **(settings | special))


def _type(each: Option) -> click.ParamType[Any] | type:
    """How a value is read. A range with two ends is left to the class, whose message is the same everywhere."""
    if each.choices:
        return Choice(each.choices)
    if each.duration:
        return DURATION
    if each.kind is int and each.least is not None and each.most is None:
        return click.IntRange(min=int(each.least))
    if each.kind is float:
        least = each.least if each.above is None else each.above
        return Number(least, each.most, min_open=each.above is not None)
    return each.kind


def _replacing(words: Mapping[str, str]) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    return lambda _ctx, _param, value: words.get(value, value) if value is not None else None
