"""Looking while it is driven: when, with what part of the error budget, and when to stop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.looks import FEWEST, look_times, parts
from perfgate.judge.paired import CheckKey, Rules, Sequential
from perfgate.measure.blocks import Block
from tests.judge.blocks import ENDPOINT, block, noisy, pair

RULES = Rules(max_slowdown_percent=10.0)
MEAN = CheckKey(ENDPOINT, "mean")


def test_looks_are_fixed_beforehand() -> None:
    """Further and further apart."""
    assert look_times(60) == (18, 27, 41, 60)
    assert look_times(10) == (10,)


@given(st.integers(1, 2000))
def test_the_looks_share_one_budget(max_pairs: int) -> None:
    """The last comes at the end, and none before anything can be proven."""
    times = look_times(max_pairs)
    assert times[-1] == max_pairs
    assert all(time >= FEWEST for time in times[:-1])
    assert list(times) == sorted(set(times))
    assert sum(parts(times)) == pytest.approx(1)
    assert all(part > 0 for part in parts(times))


def test_a_look_between_looks_tests_nothing() -> None:
    """So that asking often costs nothing."""
    comparison = Sequential(RULES, 60)
    pairs = noisy(60, slower=2.0)
    assert not comparison.due(17)
    assert comparison.look(pairs[:17]).by_check[MEAN] == "undecided"
    assert comparison.due(18)
    found = comparison.look(pairs[:18])
    assert (found.by_check[MEAN], found.next_look) == ("worse", 27)
    assert MEAN in found.worse
    assert not comparison.due(18)


def test_when_time_is_over_the_rest_of_the_budget_is_spent() -> None:
    """However few pairs there are; and it can be spent only once."""
    comparison = Sequential(RULES, 60)
    pairs = noisy(17, slower=3.0)
    found = comparison.look(pairs, final=True)
    assert (found.by_check[MEAN], found.next_look) == ("worse", None)
    again = comparison.look(noisy(17), final=True)
    assert again.by_check[MEAN] == "worse"


def test_decisions_stay() -> None:
    """What was proven at one look is not taken back at the next, and its interval says what was decided."""
    comparison = Sequential(RULES, 60)
    slow = noisy(18, slower=2.0)
    comparison.look(slow)
    after = [*slow, *noisy(42, slower=0.7, seed=5)]
    assert comparison.look(after).by_check[MEAN] == "worse"
    change = next(change for change in comparison.changes(after) if change.key == MEAN)
    assert change.decision == "worse"
    assert change.interval is not None
    assert change.interval[0] <= (change.change or 0) <= change.interval[1]


def test_it_is_decided_when_every_check_is() -> None:
    """A service without noise, at the first look."""
    pairs = [pair(number, block({"a": [5.0] * 20}), block({"a": [5.0] * 20})) for number in range(18)]
    found = Sequential(RULES, 60).look(pairs)
    assert found.decided
    assert found.settled


def test_it_is_settled_when_going_on_is_of_no_use() -> None:
    """At a tolerance of 0 nothing that is unchanged can ever be told from it."""
    found = Sequential(RULES, 60).look(noisy(60))
    assert found.settled
    close = Sequential(Rules(0.5), 60).look(noisy(18))
    assert not close.decided


def test_an_endpoint_may_turn_up_late() -> None:
    """Each look divides its part among the checks that it sees."""
    comparison = Sequential(RULES, 60)
    early = noisy(18)
    comparison.look(early)
    late = [
        pair(18 + n, block({ENDPOINT: [1.0], "late": [1.0] * 9}), block({ENDPOINT: [1.0], "late": [9.0] * 9}))
        for n in range(42)
    ]
    assert comparison.look([*early, *late]).by_check[CheckKey("late", "mean")] == "worse"


def test_a_thousand_checks_need_more_than_one() -> None:
    """One budget for all: the same slowdown, beside many other endpoints, is not proven any more."""
    alone = noisy(20, slower=1.2, requests=5)
    others = block({f"other {number}": [1.0] for number in range(300)}).endpoints
    among = [
        pair(
            one.number,
            Block({**one.base.endpoints, **others}, 1.0),
            Block({**one.head.endpoints, **others}, 1.0),
        )
        for one in alone
    ]
    assert Sequential(Rules(0.0), 20).look(alone).by_check[MEAN] == "worse"
    assert Sequential(Rules(0.0), 20).look(among).by_check[MEAN] == "undecided"


def test_nothing_is_green_before_three_tenths_of_the_pairs() -> None:
    """What breaks, breaks late: pairs that agree at once are no reason to look away."""
    pairs = noisy(300, drift=0.0)
    comparison = Sequential(Rules(max_slowdown_percent=100.0), max_pairs=300)
    first = next(count for count in range(1, 300) if comparison.due(count) and comparison.look(pairs[:count]).decided)
    assert first >= 90
