"""`describe` as people read it: what was understood, assumed and left out, then the figures."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast.io.messages import counted, listed

if TYPE_CHECKING:
    from tsforecast.workflows.describe import Description, Gap, Holidays

Pair = tuple[str, str]
_DELIMITERS = {"\t": "tab", " ": "blank"}
_SUB_DAILY = re.compile(r"\d*(?:h|min|s|ms|us)")
_MIDNIGHT = re.compile(r"[ T]00[:.]00(?:[:.]00(?:\.0+)?)?(?: ?(?:Z|UTC|GMT|\+00:00))?$")
_SECONDS = re.compile(r"(?<=\d\d:\d\d):00(?:\.0+)?(?=$| ?(?:Z|UTC|GMT|[+-]\d\d:\d\d)$)")
_MOST_NAMES = 12
_PARTS = {"layout": "the layout", "numbers": "the numbers", "time": "the time", "ids": "the series"}


def page(result: Description, width: int, *, explain: bool = False) -> list[str]:
    """The lines of a description, none of them wider than `width` unless a word is."""
    lines = _wrapped(f"{_name(result)}: {_in_short(result)}", width)
    lines += _aligned(_roles(result), width)
    known = list(_known_besides(result))
    if known:
        lines += ["", "Known besides the values", *_aligned(iter(known), width)]
    for title, said in (("Assumed", _assumed(result)), ("Left out", _left_out(result))):
        if said:
            lines += ["", title, *(line for text in said for line in _wrapped(text, width, "  - ", "    "))]
    lines += ["", *_aligned(_figures(result), width)]
    if explain:
        lines += ["", "Readings considered", *_readings(result, width)]
    return lines


def series_table(result: Description, most: int) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Names and rows of a table of the first series, without columns that say the same of all of them."""
    shown = result.profile[:most]
    unnamed = ", ".join(result.target_cols)  # a single series has no id
    varied = [key for key in ("rows", "first", "last") if len({row[key] for row in result.profile}) > 1]
    columns = [*varied, *(key for key in ("missing", "zeros") if any(row[key] for row in result.profile))]
    columns += ["mean", "min", "max"]
    rows = [(row["id"] or unnamed, *(_cell(result, row, key) for key in columns)) for row in shown]
    return ("series", *columns), rows


def text_in_words(text: dict[str, Any]) -> str:
    """How a text file is written."""
    delimiter = _DELIMITERS.get(text["delimiter"], text["delimiter"])
    parts = [
        text["encoding"] + (" with byte order mark" if text["byte_order_mark"] else ""),
        f"delimiter {delimiter}",
        f"decimal {text['decimal']}",
        *([f"thousands {_DELIMITERS.get(text['thousands'], text['thousands'])}"] if text["thousands"] else []),
        "quotes" if text["quotes"] else "no quotes",
        f"line ends {text['line_ends']}",
        *(["compressed"] if text["compressed"] else []),
    ]
    return "; ".join(parts)


def share(part: float, of: float = 1.0) -> str:
    """A share in percent."""
    return f"{100 * part / of:.1f}%"


def season_in_words(result: Description) -> str:
    season = f"{result.season_length} steps" if result.season_length > 1 else "none"
    if result.season_strength is not None:
        season += f", strength {result.season_strength:.2f} of 1"
    others = [
        f"{one.length} steps ({one.strength:.2f})" for one in result.seasons if one.length != result.season_length
    ]
    return f"{season}; also {' and '.join(others)}" if others else season


def regular_in_words(part: float | None) -> str:
    if part is None:
        return "none"
    shown = share(part)
    return f"nearly {shown}" if part < 1 and shown == share(1) else shown


def _cell(result: Description, row: dict[str, Any], key: str) -> Any:
    return _short(result, row[key]) if key in ("first", "last") else row[key]


def _short(result: Description, stamp: str) -> str:
    """A time without the midnight of each day, or without the seconds of each minute."""
    if not _SUB_DAILY.fullmatch(result.frequency_alias):
        return _MIDNIGHT.sub("", stamp)
    return stamp if result.frequency_alias.endswith("s") else _SECONDS.sub("", stamp)


def _name(result: Description) -> str:
    return Path(result.file).name


def _in_short(result: Description) -> str:
    shortest, _, longest = result.lengths
    each = f"{longest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
    steps = f"{each} {'step' if longest == 1 else 'steps'}"
    first, last = _short(result, result.first), _short(result, result.last)
    span = f"from {first} to {last}" if first != last else f"at {first}"
    return f"{counted(result.series, 'series', 'series')} of {steps}, {result.frequency_name}, {span}"


def _roles(result: Description) -> Iterator[Pair]:
    named = {role: [c["name"] for c in result.columns if c["role"] == role] for role in ("time", "id", "value")}
    times = " and ".join(f"'{name}'" for name in named["time"])
    yield "time", (f"{times} put together" if len(named["time"]) > 1 else times) + _evidence(result, "time")
    if named["id"]:
        yield "series", f"told apart by {_listed(named['id'])}{_evidence(result, 'ids')}"
    several = ", each a series of its own" + (" for every id" if named["id"] else "")
    yield "values", _listed(named["value"]) + (several if len(named["value"]) > 1 else "")
    if result.time_zone:
        yield "time zone", result.time_zone
    if result.text:
        yield "text", text_in_words(result.text)


def _known_besides(result: Description) -> Iterator[Pair]:
    """What a model could read besides the values, and what else it could."""
    if result.past_cols:
        late = (f"'{name}' {counted(lag, 'step')} late" for name, lag in result.lags.items())
        yield "up to now", ", ".join((*(f"'{name}'" for name in result.past_cols if name not in result.lags), *late))
    if result.future_cols:
        suspects = listed([leak.column for leak in result.leaks])
        suspected = f"; {suspects} may be measured afterwards" if suspects else ""
        yield "ahead", f"{_listed(result.future_cols)}, {steps_ahead_in_words(result)}{suspected}"
    if result.static_cols:
        yield "of series", _listed(result.static_cols)
    if result.category_cols:
        yield "categories", _listed(result.category_cols)
    if result.holidays:
        yield "holidays", holidays_in_words(result.holidays)
    if result.calendar:
        yield "calendar", f"fit tries {', '.join(result.calendar)}"
    if offered := offered_in_words(result):
        yield "could be", offered


def steps_ahead_in_words(result: Description) -> str:
    """For how many steps after the last value the future columns are known."""
    least, most = result.known_ahead
    if not most:
        return "for no step after the last value"
    return f"for {counted(most, 'step') if least == most else f'{least} to {most} steps'} after the last value"


def holidays_in_words(holidays: Holidays) -> str:
    """Whose holidays are known."""
    named = f"the country in '{holidays.column}'" if holidays.column else ""
    whose = " and ".join((*holidays.countries, *([named] if named else [])))
    around = f", with {counted(holidays.around, 'day')} before and after" if holidays.around else ""
    return f"of {whose}{around}"


def offered_in_words(result: Description) -> str:
    """The flags that would use the other columns of numbers, by their likely roles."""
    return " ".join(f"--{c['likely']}-col {shlex.quote(c['name'])}" for c in result.columns if c["likely"])


def _evidence(result: Description, part: str) -> str:
    """Why the reading of a part was taken, where no note says so."""
    taken = [reading.evidence for reading in result.readings if reading.part == part and reading.taken]
    return f": {taken[0]}" if taken and not any(taken[0] in note.text for note in result.notes) else ""


def _listed(names: Sequence[str]) -> str:
    return listed(names, _MOST_NAMES)


def _assumed(result: Description) -> list[str]:
    """Decisions that a person might have made otherwise, and repairs; warnings say so."""
    notes = sorted((note for note in result.notes if not note.about), key=lambda note: note.kind == "info")
    return [f"Warning: {note.text}" if note.kind == "warning" else note.text for note in notes]


def _left_out(result: Description) -> list[str]:
    columns: dict[str, list[str]] = {}
    hinted = [note.text for note in result.notes if note.about == "columns" and note.kind == "warning"]
    for name, why in ((column["name"], column["why"]) for column in result.columns if column["role"] == "unused"):
        hint = next((text.rpartition("; ")[2] for text in hinted if f"'{name}'" in text and "; " in text), "")
        columns.setdefault(f"{why}; {hint}" if hint else why, []).append(name)
    said = [f"{_listed(names)}: {_of_each(why) if len(names) > 1 else why}" for why, names in columns.items()]
    return [*said, *(note.text.replace(" left out", "") for note in result.notes if note.about == "left out")]


def _of_each(why: str) -> str:
    if why.endswith(" column"):
        return f"{why}s"
    return why if why.startswith("not ") else f"each {why}"


def _figures(result: Description) -> Iterator[Pair]:
    repeats = f", {result.repeats:,} of a time that stands above" if result.repeats else ""
    yield "rows", f"{result.table_rows:,}{repeats}"
    if result.longest_gap:
        yield "gaps", _gaps(result, result.longest_gap)
    yield "range", f"{result.lowest:.10g} to {result.highest:.10g}"
    if result.season_length > 1 or result.seasons:
        yield "season", season_in_words(result)
    yield "fit", _fit(result)


def _gaps(result: Description, gap: Gap) -> str:
    first, last = _short(result, gap.first), _short(result, gap.last)
    span = first if gap.steps == 1 else f"{first} to {last}"
    longest = f"the longest {counted(gap.steps, 'step')}" if result.gaps > 1 else counted(gap.steps, "step")
    return f"{result.gaps:,}, {longest} ({span})" + (f" in '{gap.id}'" if gap.id else "")


def _fit(result: Description) -> str:
    if not result.lookback:
        return "too few rows"
    lookback = ", ".join(map(str, result.lookback))
    tried = f"; tries the last {lookback} as input" if len(result.lookback) > 1 else f" from the last {lookback}"
    return f"forecasts {counted(result.horizon, 'step')}{tried}"


def _readings(result: Description, width: int) -> Iterator[str]:
    for part, title in _PARTS.items():
        of_part = [reading for reading in result.readings if reading.part == part]
        if of_part:
            yield f"  {title}"
        for reading in sorted(of_part, key=lambda reading: not reading.taken):
            mark = "taken" if reading.taken else "not"
            text = f"{reading.reading}: {reading.evidence}" if reading.evidence else reading.reading
            yield from _wrapped(text, width, f"    {mark:<6} ", " " * 11)


def _aligned(pairs: Iterator[Pair], width: int) -> list[str]:
    """Names at the left, their texts beside them, wrapped there."""
    known = list(pairs)
    room = max((len(name) for name, _ in known), default=0)
    return [line for name, text in known for line in _wrapped(text, width, f"  {name:<{room}}  ", " " * (room + 4))]


def _wrapped(text: str, width: int, first: str = "", rest: str = "  ") -> list[str]:
    return textwrap.wrap(
        text,
        max(width, 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    ) or [first.rstrip()]
