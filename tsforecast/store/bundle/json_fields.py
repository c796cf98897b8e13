"""Strict reading of JSON: every key known and present, every value of its type and in its range."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

from tsforecast.errors import ModelError
from tsforecast.json_output import MOMENT, unique_keys

_MAX_DEPTH = 20
Value = TypeVar("Value")
NOTHING: Mapping[str, Any] = {}


def parse_json(data: bytes, file: str) -> Any:
    """Read JSON of any shape."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique_keys,
            parse_float=_finite,
            parse_constant=_finite,
        )
        _check_depth(value, _MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"is not valid: {error}", file=file) from error
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _check_depth(value: Any, left: int) -> None:
    if isinstance(value, dict | list):
        if left == 0:
            raise ValueError(f"it nests deeper than {_MAX_DEPTH} levels")
        for child in value.values() if isinstance(value, dict) else value:
            _check_depth(child, left - 1)


@dataclass(frozen=True)
class Fields:
    """The fields of one JSON object. Each method reads one field, and raises ModelError if it holds anything else.

    Args:
        values: the fields by name.
        file: name of the file, for messages.
        place: path of the object in its file; empty for the whole file.
    """

    values: dict[str, Any]
    file: str
    place: str = ""

    def refuse(self, key: str, expected: str) -> NoReturn:
        """Say what stands under `key` and what should."""
        shown = json.dumps(self.values[key], ensure_ascii=False)
        shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
        raise ModelError(f"'{self._name(key)}' is {shown}; expected {expected}", file=self.file)

    def text(self, key: str, choices: tuple[str, ...] = ()) -> str:
        """A text, one of `choices` where there are any."""
        value = self.values[key]
        if not isinstance(value, str) or (choices and value not in choices):
            self.refuse(key, f"one of {', '.join(choices)}" if choices else "a text")
        return value

    def moment(self, key: str) -> datetime:
        """A moment that `plain` has written."""
        try:
            return datetime.strptime(self.text(key), MOMENT).replace(tzinfo=UTC)
        except ValueError:
            self.refuse(key, "a moment such as 2026-01-31T06:00:00.000000Z")

    def optional(self, key: str, read: Callable[..., Value], *limits: Any) -> Value | None:
        """None where the file says null, else what the method `read` makes of the field."""
        return None if self.values[key] is None else read(key, *limits)

    def each(
        self, key: str, fits: Callable[[Any], bool], expected: str, sizes: range = range(1 << 40)
    ) -> tuple[Any, ...]:
        """A list of as many items as one of `sizes`, each of which fits."""
        value = self.values[key]
        if not isinstance(value, list) or len(value) not in sizes or not all(map(fits, value)):
            self.refuse(key, expected)
        return tuple(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return self.each(key, is_text, "a list of texts")

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.values[key]
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value

    def integer(self, key: str, least: int, most: int) -> int:
        """A whole number, from least to most."""
        value = self.values[key]
        if type(value) is not int or not least <= value <= most:
            self.refuse(key, f"a whole number from {least} to {most}")
        return value

    def number(self, key: str, least: float, most: float) -> float:
        """A number from least to most."""
        value = self.values[key]
        if not _is_number(value) or not least <= value <= most:
            self.refuse(key, f"a number from {least:g} to {most:g}")
        return float(value)

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers."""
        return tuple(map(float, self.each(key, _is_number, "a list of numbers")))

    def integers(self, key: str, least: int, most: int) -> tuple[int, ...]:
        """A list of whole numbers, each from least to most."""
        expected = f"a list of whole numbers from {least} to {most}"
        return self.each(key, lambda item: type(item) is int and least <= item <= most, expected)

    def fields(self, key: str, names: tuple[str, ...], unset: Mapping[str, Any] = NOTHING) -> Fields:
        """An object with exactly these keys, and those of `unset` in place of which its values stand."""
        return read_fields(self.values[key], names, file=self.file, place=self._name(key), unset=unset)

    def items(
        self, key: str, names: tuple[str, ...], least: int, most: int, unset: Mapping[str, Any] = NOTHING
    ) -> tuple[Fields, ...]:
        """A list of least to most objects, each with keys as `fields` has them."""
        expected = f"a list of {least} to {most} objects"
        value = self.each(key, lambda item: True, expected, range(least, most + 1))
        place = self._name(key)
        return tuple(
            read_fields(item, names, file=self.file, place=f"{place}[{number}]", unset=unset)
            for number, item in enumerate(value)
        )

    def mapping(self, key: str) -> dict[str, Any]:
        """An object with any keys."""
        value = self.values[key]
        if not isinstance(value, dict):
            self.refuse(key, "an object")
        return value

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def read_fields(
    value: Any, names: tuple[str, ...], *, file: str, place: str = "", unset: Mapping[str, Any] = NOTHING
) -> Fields:
    """An object that has exactly the keys `names`, and maybe some of `unset`, which holds their values elsewhere."""
    here = f"'{place}'" if place else "it"
    if not isinstance(value, dict):
        raise ModelError(f"{here} is not an object", file=file)
    for key in value:
        if key not in names and key not in unset:
            raise ModelError(f"{here} has the unknown key '{key[:60]}'", file=file)
    for key in names:
        if key not in value:
            raise ModelError(f"{here} has no key '{key}'", file=file)
    return Fields({**unset, **value} if unset else value, file, place)


def is_text(value: Any) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, float)
