"""The notation of formats beyond strftime, which holds how times were written so that forecasts are written alike.

    %-m %-d %-H %-I %-V numbers without leading zeros
    %q %:h %:z          the quarter; the half-year; an offset such as +05:30
    %{JAN|FEB|...}      the names of the twelve months, or of the seven weekdays
    %{ CET| CEST}       the marks of winter and of summer time
    %[ %H:%M%]          what is left out at midnight
    %P                  am and pm in small letters
    %3f                 three digits of the fraction of a second
    %+y %+Y             the year after, in two or four digits: 2023-24
    %>                  what follows is the end of the step, what stands before ` - ` its beginning

`plain` leaves out what only matters for writing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, time

from tsforecast.io.times.months import month_directive
from tsforecast.io.times.weekdays import split, weekday_directive

INTERVAL = " - %>"
OPTIONAL = re.compile(r"%\[(.*?)%\]")
_BEYOND = re.compile(r"(%\[.*?%\]|%\{[^}]*\}|%\+[yY]|%[1-9]f|%P)")
_NAMES = r"%%\{[^}|]*(?:\|[^}|]*){%d}\}"
_PLAIN = (
    (re.compile(_NAMES % 11 + "|%B"), "%b"),
    (re.compile(_NAMES % 6 + "|%A"), "%a"),
    (re.compile(_NAMES % 1 + r"|%\[|%\]"), ""),
    (re.compile("%[1-9]f"), "%f"),
    (re.compile("%P"), "%p"),
    (re.compile("%e"), "%d"),
)
AFTER_WEEKDAY = re.compile(r"%a(\.?,? )(.+)")
_WEEKDAY_SHAPE = re.compile(r"d\.?,? ")
ODD_BLANKS = "\u00a0\u202f"  # before AM and PM
_UNPADDED = re.compile("%-([a-zA-Z])")
_SHAPES = {"Y": "0000", "b": "AAA", "p": "A{2}", "f": "0+", "+y": "00", "+Y": "0000", "G": "0000", "q": "0", "u": "0"}
_DIGITS = {"Y": "4", "G": "4", "y": "2", "g": "2", "q": "1"}
_PADDED = "mdHIV"
_DIRECTIVE = re.compile(r"%(-?[a-zA-Z]|\+[yY])")
_LOOKED_AT, _WEEKDAYS = 1000, 7


def plain(text_format: str) -> str:
    """A format without its marks for writing; `%-d` is read like `%d`, as are months in any language like `%b`."""
    for pattern, directive in _PLAIN:
        text_format = pattern.sub(directive, text_format)
    return _UNPADDED.sub(r"%\1", text_format)


def write(moments: Sequence[datetime], text_format: str) -> list[str]:
    """Write times in a format without `%q`, `%:z` and `%>`."""
    pieces = [piece for piece in _BEYOND.split(text_format) if piece]
    if not any(map(_BEYOND.fullmatch, pieces)):
        return [moment.strftime(text_format) for moment in moments]
    writers = [_writer(piece) for piece in pieces]
    return ["".join(writer(moment) for writer in writers) for moment in moments]


def _writer(piece: str) -> Callable[[datetime], str]:
    if not _BEYOND.fullmatch(piece):
        return lambda moment: moment.strftime(piece)
    if optional := OPTIONAL.fullmatch(piece):
        return lambda moment: "" if moment.time() == time.min else write([moment], optional[1])[0]
    if piece == "%P":
        return lambda moment: "am" if moment.hour < 12 else "pm"
    if piece.startswith("%+"):
        return lambda moment: f"{moment.year + 1:04d}"[-2 if piece == "%+y" else 0 :]
    if piece.endswith("f"):
        return lambda moment: f"{moment.microsecond:06d}000"[: int(piece[1])]
    names = piece[2:-1].split("|")
    return lambda moment: names[moment.weekday() if len(names) == _WEEKDAYS else moment.month - 1]


def as_written(text_format: str, texts: Sequence[str], shapes: Sequence[str]) -> str:
    """A format that was found, with the padding, case and names in which some texts of it are written."""
    begin, interval, _ = text_format.partition(INTERVAL)
    if interval:
        halves = [text.partition(" - ")[0] for text in texts[:_LOOKED_AT]]
        begin = as_written(begin, halves, [shape.partition(" - ")[0] for shape in shapes[:_LOOKED_AT]])
        return begin + interval + begin
    if weekday := AFTER_WEEKDAY.fullmatch(text_format):
        dates = [(split(text) or (0, "", text))[2] for text in texts]
        dates_shapes = [_WEEKDAY_SHAPE.sub("", shape, count=1) for shape in shapes]
        return weekday_directive(texts) + weekday[1] + as_written(weekday[2], dates, dates_shapes)
    if "%e" in text_format and not any("  " in text for text in texts):
        text_format = text_format.replace("%e", "%d")
    if "%b" in text_format:
        text_format = text_format.replace("%b", month_directive(texts))
    if "%p" in text_format and any("am" in text or "pm" in text for text in texts[:_LOOKED_AT]):
        text_format = text_format.replace("%p", "%P")
    if "t" in texts[0] and re.search("(?<!%)T(?=%)", text_format):
        text_format = re.sub("(?<!%)T(?=%)", "t", text_format)
    text_format = _without_zeros(text_format, texts, shapes)
    blank = next((odd for odd in ODD_BLANKS if odd in texts[0]), " ")
    return re.sub(" (?=%[pP])", blank, text_format)


def _without_zeros(text_format: str, texts: Sequence[str], shapes: Sequence[str]) -> str:
    """Mark the directives of which a number of one digit stands without a leading zero."""
    simple = plain(text_format)
    kinds = [found[1] for found in _DIRECTIVE.finditer(simple)]
    lengths = _pattern(simple, lambda kind: f"({_SHAPES.get(kind, '0{1,2}')})")
    single: set[str] = set()
    for shape in dict.fromkeys(shapes):
        found = lengths.fullmatch(shape)
        if found:
            single |= {kind for kind, part in zip(kinds, found.groups(), strict=True) if part == "0"}
    if "%V" in simple or (not single and "m" in kinds and "d" not in kinds):
        # What marks a week is a word, which is one letter of the shape.
        lengths = _pattern(simple, lambda kind: f"([0-9]{{{_DIGITS.get(kind, '1,2')}}})")
        numbers = [found.groups() for text in texts[:_LOOKED_AT] if (found := lengths.fullmatch(text))]
        single |= {kind for found in numbers for kind, part in zip(kinds, found, strict=True) if len(part) == 1}
    if single & {"d", "m"}:
        single |= {"d", "m", "I"}  # who writes 3/14 writes 4/1 too
    for kind in single & set(_PADDED):
        led = _zero_led(simple, kind)
        if not any(map(led.fullmatch, texts[:_LOOKED_AT])):
            text_format = text_format.replace(f"%{kind}", f"%-{kind}")
    return text_format


def _zero_led(text_format: str, kind: str) -> re.Pattern[str]:
    """A pattern for texts in which a directive is written with a leading zero."""
    return _pattern(text_format, lambda other: "0[0-9]" if other == kind else ".+?")


def _pattern(text_format: str, part: Callable[[str], str]) -> re.Pattern[str]:
    """A pattern for texts, or the shapes of texts, in a format; `part` gives that of each directive."""
    pieces = _DIRECTIVE.split(text_format)
    literal = [re.escape(piece) for piece in pieces[::2]]
    shaped = [re.sub("[A-Za-z]", lambda found: f"[A{found[0]}]", piece) for piece in literal]
    kinds = [part(kind) for kind in pieces[1::2]]
    return re.compile("".join(map("".join, zip(shaped, [*kinds, ""], strict=True))), re.IGNORECASE)
