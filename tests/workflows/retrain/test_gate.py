"""Which breaches stop a run, which are accepted and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tsforecast.store.runs import GateState
from tsforecast.workflows.retrain.breach import Breach
from tsforecast.workflows.retrain.gate import GateDecision, decide_on, least_season
from tsforecast.workflows.retrain.settings import AcceptAfter

NOW = datetime(2026, 2, 1, 3, 17, tzinfo=UTC)
LEVEL = Breach("max_shift", "the level has moved", change=True)
GONE = Breach("max_lost_series", "half of the series are gone", change=True)
SEASON = AcceptAfter()
DAMAGE = Breach("max_missing", "half is missing")


def nights(found, *, after=SEASON, accept=(), rows=1, season=7) -> list[GateDecision]:
    """A run each night, with the breaches of each, until and with the one that goes on."""
    state, decisions = GateState(), []
    for number, breaches in enumerate(found):
        decision = decide_on(
            breaches,
            state,
            moment=NOW + timedelta(days=number),
            end=1000 + rows * number,
            accept=number in accept,
            after=after,
            season=season,
        )
        decisions.append(decision)
        state = decision.state
    return decisions


def stopped(decisions):
    return [bool(decision.stopping) for decision in decisions]


def test_nothing_to_hold_against():
    (decision,) = nights([[]])
    assert (decision.stopping, decision.accepted, decision.state.breaches) == ((), (), ())


def test_a_change_is_accepted_once_it_has_held_for_a_season():
    decisions = nights([[LEVEL]] * 8)
    assert stopped(decisions) == [True] * 6 + [False, True]
    assert decisions[0].stopping == ("the level has moved",)
    assert decisions[5].stopping == ("the level has moved (since 2026-02-01 03:17 UTC, in 6 runs)",)
    (text,) = decisions[6].accepted
    assert text.startswith("accepted, because it has held for long enough: the level has moved (since ")
    assert text.endswith(", in 7 runs)")
    assert decisions[6].state.breaches == ()


def test_without_new_rows_nothing_holds():
    assert all(stopped(nights([[LEVEL]] * 30, rows=0)))


def test_a_change_that_goes_away_begins_anew():
    assert stopped(nights([[LEVEL]] * 5 + [[]] + [[LEVEL]] * 6)) == [True] * 5 + [False] + [True] * 6


def test_each_change_has_to_hold_by_itself():
    found = [[LEVEL]] * 4 + [[LEVEL, GONE]] * 7
    assert stopped(nights(found)) == [True] * 10 + [False]


def test_damage_is_never_accepted_by_itself():
    assert all(stopped(nights([[DAMAGE]] * 50)))
    assert all(stopped(nights([[LEVEL, DAMAGE]] * 50)))
    # The change beside it has held meanwhile.
    assert stopped(nights([[LEVEL, DAMAGE]] * 9 + [[LEVEL]])) == [True] * 9 + [False]


@pytest.mark.parametrize(
    ("after", "shut"),
    [(AcceptAfter(runs=3), 2), (AcceptAfter(runs=1), 0), (AcceptAfter(seconds=4 * 86_400), 4), (None, 20)],
)
def test_the_rule_can_be_set(after, shut):
    assert stopped(nights([[LEVEL]] * (shut + 1), after=after)) == [True] * shut + [after is None]


def test_the_operator_accepts_once():
    decisions = nights([[DAMAGE, LEVEL]] * 4, accept={2})
    assert stopped(decisions) == [True, True, False, True]
    assert all(text.startswith("accepted by --accept: ") for text in decisions[2].accepted)
    assert decisions[3].stopping == ("half is missing", "the level has moved")


def test_a_season_is_at_most_a_horizon():
    assert [least_season(*sizes) for sizes in ((7, 14), (52, 13), (1, 14), (24, 1))] == [7, 13, 2, 2]


def test_each_column_lasts_on_its_own():
    wind, temp = (Breach("max_shift", f"{name} has moved", change=True, column=name) for name in ("wind", "temp"))
    decisions = nights([[wind]] * 2 + [[wind, temp]] * 3, after=AcceptAfter(runs=3))
    assert stopped(decisions) == [True] * 4 + [False]
    assert decisions[0].stops_for("max_shift")
    assert not decisions[0].stops_for("max_outlier")
