"""Results as small tables of HTML, which notebooks show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tsforecast.safe_text import printable

_SHARES = ("skill", "coverage_")


def page(title: str, *parts: str, note: str = "") -> str:
    """A title, tables, and a sentence below them."""
    below = f"<p>{_text(note)}</p>" if note else ""
    return f"<div><p><b>{_text(title)}</b></p>{''.join(parts)}{below}</div>"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: bool = True) -> str:
    """A table, whose texts are escaped; `numbers` says whether all but the first column is to the right."""
    left, right = (f' style="text-align: {side}"' for side in ("left", "right"))

    def line(tag: str, cells: Sequence[Any]) -> str:
        sides = [left, *[right if numbers else left] * (len(cells) - 1)]
        cell = (f"<{tag}{side}>{_text(text)}</{tag}>" for side, text in zip(sides, cells, strict=True))
        return f"<tr>{''.join(cell)}</tr>"

    head, body = line("th", header), "".join(line("td", row) for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def scores(of_models: Mapping[str, Mapping[str, float]], keys: Sequence[str], what: str = "model") -> str:
    """Metrics of models, or of what else there is, a row each; a key ending with `_` stands for all that begin so."""
    known = list(dict.fromkeys(key for row in of_models.values() for key in row))
    columns = [
        key for wanted in keys for key in known if key == wanted or (wanted[-1] == "_" and key.startswith(wanted))
    ]
    rows = [(model, *(_number(key, row.get(key)) for key in columns)) for model, row in of_models.items()]
    return table((what, *columns), rows)


def folded(summary: str, part: str) -> str:
    """Something that is shown on a click."""
    return f"<details><summary>{_text(summary)}</summary>{part}</details>"


def _text(cell: Any) -> str:
    return escape(printable(str(cell)))


def _number(key: str, value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if key.startswith(_SHARES):
        return f"{100 * value:+.1f} %" if key == "skill" else f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
