"""How an option is declared: once, as a field of a frozen dataclass that holds its default, help, choices and range.

The command line and the configuration file are derived from these classes (`ReadOptions`, `FitOptions`, `GateLimits`
and the others of `retrain`), which are `Checked`: none can be made with bad values. Data only: no NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, fields
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from tsforecast.errors import OptionError, did_you_mean
from tsforecast.safe_text import shown

DEFAULT_STORE = "./models"
DEFAULT_LEVELS = (80.0, 95.0)  # of the intervals, in percent


class Option(NamedTuple):
    """What is known of an option; the last five come from its field.

    Args:
        section: heading of the help that it stands under.
        help: one sentence, as `--help` shows it.
        unset: what the help shows in place of a default of None; empty for nothing.
        metavar: what the help shows for the value; empty for what its kind says.
        typed: name on the command line and in Python, where it is not that of the field.
        choices: texts that it takes; empty for any.
        least: smallest number that it takes.
        most: largest number that it takes.
        above: number that the value must exceed.
        off: whether the word `off` stands for None.
        duration: whether it is a number of seconds that may be typed as 90s or 45m.
        words: texts to type in place of a value that is hard to type.
        opposite: flag that clears a bool; `--no-` and the name for one that is True by default.
        usual: whether it is one of the ten or so that people use, which the short help, `-h`, shows.
        name: of the field.
        default: value where nothing is given.
        kind: type of the value, or of each of several: int, float, bool or str.
        many: whether it takes several values.
        optional: whether the value may be None.
    """

    section: str
    help: str
    unset: str = ""
    metavar: str = ""
    typed: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    off: bool = False
    duration: bool = False
    words: Mapping[str, str] | None = None
    opposite: str = ""
    usual: bool = False
    name: str = ""
    default: Any = None
    kind: type = str
    many: bool = False
    optional: bool = False


def option(default: Any, section: str, help: str, **details: Any) -> Any:
    """A field of a dataclass that is an option; `details` are the further fields of `Option`."""
    return field(default=default, metadata={"option": Option(section, help, **details)})


@cache
def declared(options: type) -> dict[str, Option]:
    """The options that a dataclass declares, by the names of its fields.

    Its module must postpone annotations, because an option's kind is read from the text of its field's annotation.
    """
    kinds = {"int": int, "float": float, "bool": bool}
    found = {}
    for each in fields(options):
        if "option" in each.metadata:
            hint = str(each.type)
            found[each.name] = each.metadata["option"]._replace(
                name=each.name,
                default=each.default,
                kind=kinds.get(hint.removesuffix(" | None"), str),
                many=hint.startswith("tuple["),
                optional=hint.endswith(" | None"),
            )
    return found


class Checked:
    """A base for dataclasses of options, which refuses bad values when one is made, wherever they come from.

    Raises:
        OptionError: a value outside its choices or range, or not finite; it names the option and what is allowed.
    """

    def __post_init__(self) -> None:
        kind: type = type(self)
        for name, each in declared(kind).items():
            value = getattr(self, name)
            if value is None and each.optional:
                continue
            if each.choices and value not in each.choices:
                raise OptionError(f"{name} is '{value}'", hint=did_you_mean(value or "", each.choices))
            if each.kind in (int, float) and (allowed := _allowed(each, value)):
                said = shown(value) if isinstance(value, int) else f"{value:g}"
                raise OptionError(f"{name} is {said}", hint=f"give {allowed}")


def _allowed(option: Option, value: float) -> str:
    """What a number should have been; empty for one that is allowed. NaN passes no comparison."""
    least, most, above = option.least, option.most, option.above
    fits = (least is None or value >= least) and (most is None or value <= most) and (above is None or value > above)
    if fits and (isinstance(value, int) or math.isfinite(value)):
        return ""
    if least is not None and most is not None:
        return f"a value from {least:g} to {most:g}"
    if least is not None:
        return f"a finite value of at least {least:g}"
    return "a finite number" if above is None else f"a finite value above {above:g}"


def check_levels(levels: tuple[float, ...]) -> None:
    """Refuse levels of intervals that cannot be forecast, or that no columns can be named after.

    Raises:
        OptionError: naming the level.
    """
    for level in levels:
        check_level(level)
    names = [f"{level:g}" for level in sorted(set(levels))]
    for name, following in pairwise(names):
        if name == following:
            raise OptionError(
                f"two levels are {name} in six digits", hint="give levels that columns can be named after"
            )


def check_level(level: float) -> None:
    """Refuse a level of an interval that is no percentage, or that is 100 % but for rounding.

    Raises:
        OptionError: naming the level.
    """
    if 0 < level < 1:
        raise OptionError(f"level is {level:g} percent", hint=f"did you mean {100 * level:g}?")
    if not 1 <= level < 100:
        raise OptionError(f"level is {level:g}", hint="give a percentage from 1 to 99.9999, such as 80")
    if f"{level:g}" == "100":
        raise OptionError(f"level is {level}, which is 100 in six digits", hint="give 99.9999 at most")
