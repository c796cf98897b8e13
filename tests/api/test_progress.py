"""What is told to somebody who asks for nothing."""

from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tsforecast.api.progress import telling
from tsforecast.progress import EpochEnded, Message, PhaseStarted


class Handle:
    def __init__(self, pages: list[str]) -> None:
        self.pages = pages

    def update(self, page: str) -> None:
        self.pages.append(page)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a notebook shows, one page after the other."""
    shown: list[str] = []

    def display(page: str, display_id: bool) -> Handle:
        shown.append(page)
        return Handle(shown)

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    module.HTML, module.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_a_notebook_shows_a_line_and_keeps_warnings(pages):
    with telling(None) as tell:
        tell(Message("info", "read"))
        assert pages == []
        tell(PhaseStarted("gru <1>", 3, 100))
        tell(Message("warning", "consider --model linear"))
        tell(PhaseStarted("lstm", 3, 100))
    assert "training, gru &lt;1&gt;" in pages[0] and "training, lstm" in pages[-2]
    assert pages[-1] == "<div>Warning: consider model=&quot;linear&quot;</div>"


def test_a_notebook_shows_epochs(pages, monkeypatch):
    monkeypatch.setattr("tsforecast.api.progress._EVERY", 0)
    with telling(None) as tell:
        tell(PhaseStarted("gru", 3, 100))
        tell(EpochEnded(2, 3, 0.5, None, 0.1, 0.0, 1.0, 1.0))
    assert 'value="2" max="3"' in pages[1] and "epoch 2 of at most 3, loss 0.5" in pages[1] and pages[-1] == ""


def test_elsewhere_it_is_logged(caplog):
    with caplog.at_level(logging.INFO, "tsforecast"), telling(None) as tell:
        tell(Message("urgent", "100 % of --horizon"))
        tell(Message("info", "read"))
        tell(PhaseStarted("gru", 3, 100))
    found = [(each.levelno, each.getMessage()) for each in caplog.records]
    assert found == [(logging.WARNING, "100 % of horizon="), (logging.INFO, "read")]


def test_who_gives_a_report_gets_everything():
    events: list[object] = []
    with telling(events.append) as tell:
        tell(PhaseStarted("gru", 3, 100))
    assert events == [PhaseStarted("gru", 3, 100)]
