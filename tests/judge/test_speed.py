"""What both sides of a pair have in common: how fast the machine was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.contrast import Values
from perfgate.judge.paired import CheckKey, Rules, compare_pairs
from perfgate.judge.speed import speeds
from tests.judge.blocks import ENDPOINT, noisy

PAIRS = 40


def values(logs: list[np.ndarray]) -> Values:
    """Requests by pair, from the logarithms of their times."""
    numbers = np.repeat(np.arange(len(logs)), [len(own) for own in logs])
    every = np.concatenate(logs)
    return Values.of(np.exp(every), np.ones(every.size, np.int64), numbers, len(logs))


def drawn(wander: float, requests: int) -> tuple[np.ndarray, list[tuple[Values, Values]]]:
    """How slow each pair was, and the requests of two endpoints at both sides in it."""
    rng = np.random.default_rng(5)
    true = rng.normal(0, wander, PAIRS)
    endpoints = []
    for centre in (0.0, 2.0):
        base, head = (values([rng.normal(centre + speed, 0.3, requests) for speed in true]) for _ in range(2))
        endpoints.append((base, head))
    return true, endpoints


def test_a_machine_that_wanders_is_followed() -> None:
    """From the requests of all endpoints and both sides."""
    true, endpoints = drawn(wander=0.3, requests=50)
    found = speeds(endpoints, PAIRS)
    assert np.corrcoef(true, found)[0, 1] > 0.97
    assert np.std(found) == pytest.approx(np.std(true), rel=0.2)


def test_on_a_steady_machine_nothing_is_made_of_chance() -> None:
    """The medians of few requests differ, and say nothing."""
    _, endpoints = drawn(wander=0.0, requests=4)
    assert np.abs(speeds(endpoints, PAIRS)).max() < 0.12


def test_pairs_without_requests_are_as_usual() -> None:
    """And so is a comparison without any."""
    empty = values([np.empty(0)] * 3)
    assert speeds([(empty, empty)], 3).tolist() == [0.0, 0.0, 0.0]
    assert speeds([], 2).tolist() == [0.0, 0.0]
    some = values([np.array([1.0, 1.1]), np.empty(0), np.array([3.0])])
    assert speeds([(some, some)], 3)[1] == 0.0


@given(st.lists(st.lists(st.floats(-3, 3), max_size=5), min_size=1, max_size=6), st.floats(-2, 2))
def test_it_does_not_matter_in_which_unit_times_are(logs: list[list[float]], factor: float) -> None:
    """Nor which side is called the base."""
    one = values([np.array(own) for own in logs])
    other = values([np.array(own[::-1]) + 0.5 for own in logs])
    moved = [values([np.array(own) + factor for own in logs]), values([np.array(own) + 0.5 + factor for own in logs])]
    first = speeds([(one, other)], len(logs))
    assert speeds([(other, one)], len(logs)) == pytest.approx(first)
    assert speeds([(moved[0], moved[1])], len(logs)) == pytest.approx(first, abs=1e-6)


def test_a_p95_is_told_though_the_machine_wanders() -> None:
    """A slowdown of a fifth, on a machine whose speed varies by as much."""
    changes = compare_pairs(noisy(60, slower=1.2, drift=0.2), Rules(5.0))
    p95 = next(change for change in changes if change.key == CheckKey(ENDPOINT, "p95"))
    assert p95.decision == "worse"
    assert p95.change == pytest.approx(20, abs=6)
