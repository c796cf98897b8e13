"""A report as one page of HTML that needs nothing else: no network, no font, no file beside it.

    palette     colours by day and by night
    axes        from values to places in a drawing
    svg         drawings
    page.html   the template; page.css and page.js are written into it

A page forbids itself to load anything, and runs no script but its own: what a series is called can do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsforecast._version import __version__
from tsforecast.reports.content import Report
from tsforecast.reports.html.palette import BANDS, DARK, LIGHT, LINES
from tsforecast.reports.html.svg import drawing, legend
from tsforecast.safe_text import printable

if TYPE_CHECKING:
    from jinja2 import Template

_HERE = Path(__file__).parent
_FEW = 50  # rows of a table that is printed, and shown before one searches


def page(report: Report) -> str:
    """The report as HTML."""
    style, script = _style(), (_HERE / "page.js").read_text(encoding="utf-8")
    return _template().render(
        report=report,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        version=__version__,
        few=_FEW,
    )


def _style() -> str:
    """The style sheet behind the colours."""
    day, night = (" ".join(f"--{name}: {colour};" for name, colour in each.items()) for each in (LIGHT, DARK))
    roles = "\n".join(f".c-{name} {{ --own: var(--{name}); }}" for name in (*LINES, *BANDS))
    colours = (
        f":root {{ color-scheme: light dark; {day} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n{roles}\n"
    )
    return colours + (_HERE / "page.css").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(_HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_flat,
    )
    environment.globals |= {"drawing": drawing, "legend": legend}
    environment.tests["number"] = lambda value: not isinstance(value, str)
    environment.filters["kind"] = lambda value: type(value).__name__.lower()
    return environment.get_template("page.html")


def _flat(value: Any) -> Any:
    """Texts without the characters that turn or hide what follows them; markup stays as it is."""
    return printable(value) if type(value) is str and not value.isprintable() and "\n" not in value else value
