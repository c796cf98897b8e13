"""What a fit has found, in sentences: what was read, what to expect, how far off that is, what came of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.fitting.scores import NAIVE
from tsforecast.io.messages import counted, listed
from tsforecast.safe_text import shown

if TYPE_CHECKING:
    from tsforecast.fitting.fit_panel import Networks
    from tsforecast.workflows.expected import Expected

_SAME = 0.005  # share of the error below which two are called the same
_MOST_COLUMNS = 2  # whose names are told
_NO_SECONDS = re.compile(r"(\d\d:\d\d):00(?=$|[+-]|Z)")
_ISO_TIME = re.compile(r"(?<=\d{4}-\d\d-\d\d)T(?=\d\d:)")
_MIDNIGHT = (" 00:00:00", "T00:00:00", " 00:00")


def sentences(result: Any) -> Iterator[str]:
    """What was read, what to expect, how far off that usually is, and what networks brought, of a `FitResult`."""
    yield read_in_words(result)
    if result.expected is not None:
        yield expected_in_words(result.expected, result.horizon, result.target_cols)
    several, season = result.series > 1, result.season_length
    if error := error_in_words(result.model, result.scores, several=several, season_length=season):
        yield error
    if result.networks is not None:
        yield networks_in_words(result.networks)


def read_in_words(result: Any) -> str:
    """The table of a `FitResult`, its series and their season."""
    profile = result.profile
    what = listed(result.target_cols, _MOST_COLUMNS)
    if result.series > 1:
        by = f" by {listed(result.id_cols)}" if result.id_cols else ""
        what = f"{counted(result.series, 'series', 'series')} of {what}{by}"
    span = f" from {day(profile['first'])} to {day(profile['last'])}"
    season = f", season of {counted(result.season_length, 'step')}" if result.season_length > 1 else ""
    if season and (strength := profile.get("season_strength")) is not None:
        season += f" (strength {strength:.2f} of 1)"
    file = shown(Path(result.file).name)
    return f"Read {file}: {counted(result.rows, 'value')} of {what}, {result.frequency_name}{span}{season}."


def expected_in_words(found: Expected, horizon: int, target_cols: Sequence[str]) -> str:
    """The next step in the unit of the data, and the steps after it."""
    whose = f" of {found.series}, the largest series," if found.series else f" of {listed(target_cols)}"
    between = f"4 times in 5 between {amount(found.lower)} and {amount(found.upper)}"
    text = f"Expect {amount(found.y_pred)}{whose} at {day(found.first)}, {between}"
    if found.rests_on:
        text += f" (a range that rests on {counted(found.rests_on, 'past forecast')} only)"
    if horizon > 1:
        text += f"; and {amount(found.mean)} on average over the {horizon:,} steps until {day(found.last)}"
    return f"{text}."


def error_in_words(model: str, scores: Mapping[str, Mapping[str, float]], *, several: bool, season_length: int) -> str:
    """The usual error of a model and of the usual guess; empty where there is none to tell."""
    if model not in scores or NAIVE not in scores:
        return ""
    own, usual = scores[model], scores[NAIVE]
    if not (math.isfinite(own["mae"]) and math.isfinite(usual["mae"])):
        return ""
    guess = "the value a season earlier" if season_length > 1 else "the last value"
    text = f"On the newest rows, which it had not seen, it was off by {amount(own['mae'])} on average"
    if model == NAIVE:
        return f"{text}: it is the usual guess, {guess}."
    text += f", the usual guess ({guess}) by {amount(usual['mae'])}"
    skill = own.get("skill", math.nan)
    if math.isfinite(skill):
        each = ", each series counted alike" if several else ""
        text += f": {against(skill)} error{each}"
    return f"{text}."


def networks_in_words(found: Networks) -> str:
    """What networks brought, and how long they took."""
    text = f"The networks, {duration(found.seconds)} of training, brought"
    saved = 1 - found.error / found.error_without if found.error_without > 0 else 0.0
    if not found.kept or abs(saved) < _SAME:
        return f"{text} nothing on these rows."
    if saved > 0:
        return f"{text} {saved:.0%} less error."
    return f"{text} nothing: {-saved:.0%} more error on these rows than without them."


def duration(seconds: float) -> str:
    """Seconds, and minutes where there are many."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def amount(value: float) -> str:
    """Four digits, and no fraction of what has more."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def against(saved: float) -> str:
    """A share of an error that is saved, such as `12 % less`."""
    if abs(saved) < _SAME:
        return "the same"
    return f"{abs(saved):.0%} {'less' if saved > 0 else 'more'}"


def day(text: str) -> str:
    """A time without a midnight, a letter T and seconds that say nothing."""
    for end in _MIDNIGHT:
        text = text.removesuffix(end)
    return _NO_SECONDS.sub(r"\1", _ISO_TIME.sub(" ", text))
