"""Keyword arguments as the dataclasses that declare them, and functions that show all of them to who looks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tsforecast.api.words import in_python
from tsforecast.errors import OptionError, TsforecastError, did_you_mean
from tsforecast.io.options import COLUMNS, KNOWN, ReadOptions
from tsforecast.options import Option, declared

Given = ParamSpec("Given")
Result = TypeVar("Result")
_WIDTH = 22


def public(
    *kinds: type, columns: bool = True, without: tuple[str, ...] = ()
) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """A decorator of a function that takes options of dataclasses as `**options`.

    Its signature and its help then name every one of them, and its errors speak Python.

    Args:
        kinds: the dataclasses.
        columns: whether columns can be named.
        without: options that are left out.
    """
    rows = [each for kind in kinds for each in options_of(kind, columns=columns) if each.name not in without]

    def decorate(function: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            try:
                return function(*args, **kwargs)
            except TsforecastError as error:
                in_python(error)
                raise

        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(python_name(each), inspect.Parameter.KEYWORD_ONLY, default=each.default) for each in rows
        ]
        call.__signature__ = signature.replace(parameters=[*own, *keywords])  # type: ignore[attr-defined]
        if rows:
            lines = (f"    {python_name(each):{_WIDTH}} {in_words(each)}" for each in rows)
            call.__doc__ = "{}\n\nOptions:\n{}\n".format(inspect.getdoc(function), "\n".join(lines))
        return call

    return decorate


def options_of(kind: type, *, columns: bool = True) -> list[Option]:
    """The options that a dataclass declares; those that name columns only where they can be named."""
    return [each for each in declared(kind).values() if columns or each.section not in (COLUMNS, KNOWN)]


def python_name(each: Option) -> str:
    """The name of an option in Python: that of the command line, with underscores."""
    return each.typed or each.name


def in_words(each: Option) -> str:
    """What an option is, and what it is where nothing is given."""
    default = each.unset if each.default in (None, ()) else repr(each.default)
    return f"{each.help} [{default}]" if default else each.help


def taken(kind: type, options: dict[str, Any]) -> Any:
    """The dataclass of some of the options, which are taken out of them."""
    names = {each.name for each in fields(kind)}
    return kind(**{name: options.pop(name) for name in list(options) if name in names})


def read_options(given: dict[str, Any], *, columns: bool, others: Iterable[type] = ()) -> ReadOptions:
    """Options of reading under the names of the fields or of the command line; one text stands for a list of one.

    Args:
        given: values by name.
        columns: whether columns can be named; a published model knows its own.
        others: dataclasses with further names to suggest in place of one that is not known.

    Raises:
        OptionError: a name that is not known.
    """
    by_field = declared(ReadOptions)
    hidden = () if columns else (COLUMNS, KNOWN)
    shown = {each.name: each for each in by_field.values() if each.section not in hidden}
    known = {each.name: each.name for each in fields(ReadOptions) if each.name in shown or each.name not in by_field}
    known |= {each.typed: each.name for each in shown.values() if each.typed}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            words = (*known, *(each.name for kind in others for each in fields(kind)))
            raise OptionError(f"unknown option '{name}'", hint=did_you_mean(name, words, otherwise=""))
        field = known[name]
        if field in by_field and by_field[field].many:
            value = (value,) if isinstance(value, str) else tuple(value)
        values[field] = value
    return ReadOptions(**values)
