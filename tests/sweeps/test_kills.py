"""P1: a SIGKILL before any call that changes the store leaves the old version or the new one, and no repair to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sweeps.publisher import NAME
from tests.sweeps.scenarios import SCENARIOS, Scenario, check_next_run, copied, served
from tests.sweeps.tracing import Publisher, calls
from tsforecast.store.layout import LOCK
from tsforecast.store.lock import hold
from tsforecast.store.removal import delete_model
from tsforecast.store.store import Store

pytestmark = pytest.mark.sweep
_KILLED = -9


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_kill_before_any_call_loses_nothing(scenario: Scenario, worker: Publisher, scratch: Path) -> None:
    template, store, log = scenario.prepare(scratch / "template"), scratch / "store", scratch / "log"
    arguments = {"store": str(copied(template, store)), **scenario.options}
    assert worker.trace(scenario.do, log=log, **arguments).status == 0
    assert served(store) == scenario.after
    points = [call for call in calls(log) if call.changes]
    seen = set()
    for call in points:
        copied(template, store)
        ended = worker.trace(scenario.do, log=log, inject=f"{call.name}:signal=SIGKILL:when={call.number}", **arguments)
        assert ended.status == _KILLED, (call, ended)
        _check_killed_at(call.text, calls(log)[-1].text)
        seed = served(store)
        assert seed in (scenario.before, scenario.after), call
        seen.add(seed)
        _check_lock_is_free(store)
        check_next_run(worker, store, call)
    # The sweep has met states on both sides of the moment at which the new version comes into service.
    assert seen == {scenario.before, scenario.after}
    assert len(points) >= (10 if scenario.do != "publish" else 30)


def _check_killed_at(expected: str, found: str) -> None:
    """The process died at the call that was meant; process numbers in names differ."""
    assert "".join(c for c in expected if not c.isdigit())[:60] == "".join(c for c in found if not c.isdigit())[:60]


def _check_lock_is_free(store: Path) -> None:
    if (store / NAME).is_dir():
        with hold(store / NAME / LOCK):
            pass


WHOLE = [("delete", {}, None), ("rename", {"name": "other"}, "other")]


@pytest.mark.parametrize(("action", "options", "after"), WHOLE, ids=["delete", "rename"])
def test_a_kill_leaves_a_whole_model_or_none(
    action: str, options: dict[str, str], after: str | None, worker: Publisher, scratch: Path
) -> None:
    """Under its old name or the new one, with all versions; and the next deletion leaves nothing behind."""
    template, store, log = SCENARIOS[4].prepare(scratch / "template"), scratch / "store", scratch / "log"
    arguments = {"store": str(copied(template, store)), **options}
    assert worker.trace(action, log=log, **arguments).status == 0
    assert Store(store).names() == ([after] if after else [])
    seen = set()
    for call in [call for call in calls(log) if call.changes]:
        copied(template, store)
        ended = worker.trace(action, log=log, inject=f"{call.name}:signal=SIGKILL:when={call.number}", **arguments)
        assert ended.status == _KILLED, (call, ended)
        names = Store(store).names()
        assert names in ([NAME], [after] if after else []), call
        seen.add(tuple(names))
        for name in names:
            assert [each.error for each in Store(store).verify(name)] == [None] * 3, call
            delete_model(Store(store).find(name))
        if names:
            assert list(store.iterdir()) == [], call
    assert len(seen) == 2
