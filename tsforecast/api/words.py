"""Errors and notes in the words of Python: `horizon=24` where the command line says `--horizon 24`."""

from __future__ import annotations

import json
import re
import shlex
from functools import cache

from tsforecast.errors import TsforecastError
from tsforecast.io.options import ReadOptions
from tsforecast.models.options import FitOptions
from tsforecast.options import Option, declared
from tsforecast.workflows.backtest.settings import BacktestSettings
from tsforecast.workflows.detect.settings import DetectSettings
from tsforecast.workflows.impute.settings import ImputeSettings
from tsforecast.workflows.score.settings import ScoreLimits, ScoreSettings

_FLAG = re.compile(r"""--(no-)?([a-z][a-z-]*)(?:( )("[^"]*"|'[^']*'|(?:[^\s;,:)'"]|[,:](?=\S))+))?""")
_COMMAND = re.compile(r"tsforecast (fit|predict|backtest|compare|score) DATA")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
# What may stand behind a flag in a sentence, and is no value of it.
_PROSE = frozenset(
    [
        *("a", "and", "by", "declares", "does", "for", "gives", "if", "in", "instead", "is", "it", "names", "needs"),
        *("none", "of", "on", "or", "out", "reads", "takes", "that", "the", "then", "this", "to", "where", "with"),
    ]
)
# What has another name in Python, or no declaration.
_OTHERS = {
    "store": "store",
    "name": "name",
    "version": "version",
    "level": "levels",
    "fallback": "fallback",
    "trust-store": "trusted",
    "future-file": "future",
    "what-if": "what_if",
    "ledger": "ledger",
    "series": "series",
    "total": "total",
    "above": "above",
    "models": "models",
    "forecasts": "forecasts",
}
_FLAGS = ("fallback", "trusted", "ledger", "total")


def in_python(error: TsforecastError) -> None:
    """Say of an error in Python's words what to change."""
    error.message, error.hint = spoken(error.message), spoken(error.hint)
    error.args = (error.message, *error.args[1:])


def spoken(text: str) -> str:
    """A text with the options of the command line as keyword arguments."""
    return _COMMAND.sub(r"tsforecast.\1(data)", _FLAG.sub(_keyword, text))


def _keyword(found: re.Match[str]) -> str:
    denied, flag, blank, word = found[1] or "", found[2], found[3] or "", found[4] or ""
    if not denied and flag in _OTHERS:
        name = _OTHERS[flag]
        return f"{name}=True{blank}{word}" if name in _FLAGS else _with_value(name, None, blank, word)
    each = _declared().get(denied + flag) or _declared().get(flag)
    if each is None:
        return found[0]
    name = each.typed or each.name
    if each.kind is bool:
        return f"{name}={flag != name.replace('_', '-') or not denied}{blank}{word}"
    return found[0] if denied else _with_value(name, each, blank, word)


def _with_value(name: str, each: Option | None, blank: str, word: str) -> str:
    bare, dot = (word[:-1], ".") if word.endswith(".") else (word, "")
    is_choice = each is not None and bare in each.choices
    if not is_choice and (not bare or bare in _PROSE or (each is not None and each.choices)):
        return f"{name}={blank}{word}"
    if each is None or each.kind in (int, float):
        if _NUMBER.fullmatch(bare):
            return f"{name}={bare}{dot}"
        if each is not None:
            return f"{name}={blank}{word}"
    plain = "".join(shlex.split(bare)) if bare[0] in "\"'" else bare
    value = plain.split(",") if name == "models" else plain
    return f"{name}={json.dumps(value, ensure_ascii=False)}{dot}"


@cache
def _declared() -> dict[str, Option]:
    """The options that Python takes, by their long names on the command line without the dashes."""
    kinds = (DetectSettings, ImputeSettings, FitOptions, ReadOptions, BacktestSettings, ScoreSettings, ScoreLimits)
    return {(each.typed or each.name).replace("_", "-"): each for kind in kinds for each in declared(kind).values()}
