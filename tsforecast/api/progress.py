"""What is told to somebody who gives no `report`: in a notebook a line that changes, elsewhere the log `tsforecast`.

Warnings are shown, as Python shows what is logged at that level unless it is told otherwise; the rest is there with
`logging.basicConfig(level=logging.INFO)`.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from tsforecast.api.words import spoken
from tsforecast.progress import (
    BatchProgress,
    EpochEnded,
    Event,
    GapsFilled,
    Message,
    PhaseStarted,
    Report,
    WindowsForecast,
)
from tsforecast.safe_text import printable

_LOG = logging.getLogger("tsforecast")
_EVERY = 0.2  # seconds between two looks of the line


@contextmanager
def telling(report: Report | None) -> Iterator[Report]:
    """What receives the events of one call: what was given, or what suits the surroundings."""
    if report is not None:
        yield report
    elif _in_notebook():
        line = _Line()
        try:
            yield line.tell
        finally:
            line.end()
    else:
        yield _log


def _log(event: Event) -> None:
    if isinstance(event, Message):
        level = logging.WARNING if event.kind in ("warning", "urgent") else logging.INFO
        _LOG.log(level, "%s", spoken(event.text))


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _Line:
    """A line below the cell that says how far the work is, and warnings, which stay."""

    def __init__(self) -> None:
        self.handle: Any = None
        self.warnings: list[str] = []
        self.name = ""
        self.shown = 0.0

    def tell(self, event: Event) -> None:
        if isinstance(event, Message):
            if event.kind in ("warning", "urgent"):
                self.warnings.append(spoken(event.text))
                self._show("")
        elif isinstance(event, PhaseStarted):
            self.name = event.name
            self._show(_bar(f"training, {event.name}", 0, 1))
        elif isinstance(event, BatchProgress | EpochEnded) and time.monotonic() - self.shown > _EVERY:
            within = event.done / event.total if isinstance(event, BatchProgress) else 1.0
            text = f"training, {self.name}: epoch {event.epoch} of at most {event.epochs}, loss {event.loss:.4g}"
            self._show(_bar(text, event.epoch - 1 + within, event.epochs))
        elif isinstance(event, WindowsForecast):
            self._show(_bar(f"{event.model}: window {event.done} of {event.total}", event.done, event.total))

        elif isinstance(event, GapsFilled) and time.monotonic() - self.shown > _EVERY:
            self._show(_bar("filling gaps", event.done, event.total))

    def end(self) -> None:
        if self.handle is not None:
            self._show("")

    def _show(self, line: str) -> None:
        from IPython.display import HTML, display

        warnings = "".join(f"<div>Warning: {escape(printable(text))}</div>" for text in self.warnings)
        page, self.shown = HTML(f"{warnings}{line}"), time.monotonic()
        if self.handle is None:
            self.handle = display(page, display_id=True)
        else:
            self.handle.update(page)


def _bar(text: str, done: float, total: float) -> str:
    return f'<div><progress value="{done:.3g}" max="{total:.3g}"></progress> {escape(printable(text))}</div>'
