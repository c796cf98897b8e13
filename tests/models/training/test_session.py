"""A budget counts from its first use, here and in another process."""

from __future__ import annotations

import math
import pickle
from types import SimpleNamespace

import pytest

from tsforecast.models.training import session as session_module
from tsforecast.models.training.session import Budget, TrainingSession


@pytest.fixture
def now(monkeypatch):
    moment = [100.0]
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: moment[0]))
    return moment


def test_it_counts_from_the_first_use(now):
    budget = Budget(60)
    now[0] = 200
    assert (budget.left(), budget.spent()) == (60, 0)
    now[0] = 270
    assert (budget.left(), budget.spent()) == (-10, 70)
    assert budget.start().left() == -10


def test_without_seconds_it_never_ends(now):
    budget = Budget()
    assert budget.left() == budget.first(0.5).left() == math.inf


def test_its_first_share_holds_what_is_spent_of_it(now):
    budget = Budget(100).start()
    now[0] += 20
    first = TrainingSession(budget=budget).within(0.55).budget
    assert first.left() == pytest.approx(35)
    now[0] += 40
    assert (first.left(), budget.left()) == (pytest.approx(-5), 40)


def test_another_process_gets_what_is_left(now):
    fresh, used = Budget(60), Budget(60).start()
    now[0] += 20
    sent = pickle.dumps((fresh, used))
    now[0] = 3.0  # another clock
    there = pickle.loads(sent)
    assert [budget.left() for budget in there] == [60, 40]
    now[0] += 5
    assert [budget.left() for budget in there] == [55, 35]
