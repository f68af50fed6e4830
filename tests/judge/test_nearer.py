"""Which of two commits a third one is nearer to: right in the known cases, quick where the change is large."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import exp, log
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.compare.bisect_looks import FOUND, NearerTo, SeenAgain
from perfgate.judge.nearer import (
    Measured,
    boundary,
    cases_of,
    is_doubted,
    log_ratio,
    measured,
    moved,
    nearer,
    pairs_needed,
)
from perfgate.judge.paired import CheckKey, Rules
from perfgate.judge.sides import cases
from tests.judge.blocks import ENDPOINT, block, noisy, pair

if TYPE_CHECKING:
    from perfgate.measure.blocks import Block, Pair, Requests

MEAN = CheckKey(ENDPOINT, "mean")
ERRORS = CheckKey(ENDPOINT, "error_rate")
RULES = Rules(max_slowdown_percent=10.0)


def _seen(counting: list[Pair], key: CheckKey) -> Measured:
    (case,) = (case for case in cases_of(counting) if case.key == key)
    found = measured(case)
    assert found is not None
    return found


def _measured(slower: float, seed: int, count: int = 40, key: CheckKey = MEAN) -> Measured:
    return _seen(noisy(count, slower=slower, seed=seed), key)


@pytest.mark.parametrize("slower", [1.25, 2.0, 5.0])
@pytest.mark.parametrize("metric", ["mean", "p50", "p95"])
def test_a_commit_is_nearer_to_the_one_that_it_is_like(slower: float, metric: str) -> None:
    """In every latency metric, however large the change is."""
    key = CheckKey(ENDPOINT, metric)
    bad = _measured(slower, 1, 200, key)
    assert nearer(_measured(1.0, 2, 200, key), bad, 0.01) == "good"
    assert nearer(_measured(slower, 3, 200, key), bad, 0.01) == "bad"


def test_a_fivefold_change_takes_only_the_fewest_pairs() -> None:
    """Three seconds of blocks of 50 ms."""
    bad = _measured(5.0, 1)
    assert pairs_needed(bad, 0.01) == 20
    assert nearer(_measured(1.0, 2, 20), bad, 0.01) == "good"
    assert nearer(_measured(5.0, 3, 20), bad, 0.01) == "bad"


def test_a_commit_with_half_of_the_slowdown_lies_between() -> None:
    """It is neither like GOOD nor like BAD, and that is what is said."""
    bad = _measured(5.0, 1)
    assert nearer(_measured(5.0**0.5, 2), bad, 0.01) == "between"


def test_what_is_nearer_to_good_and_certainly_slower_is_not_called_good() -> None:
    """A saturated service was five times slower once, and half as slow again the next time: neither is like GOOD."""
    bad = Measured(MEAN, change=1.57, error=0.16, pairs=20, base=5.0, head=26.0, unit="ms")
    seen = Measured(MEAN, change=0.44, error=0.07, pairs=20, base=5.0, head=7.8, unit="ms")
    assert nearer(seen, bad, 0.01) == "between"


def test_what_would_be_lost_among_the_starts_of_one_program_is_never_decided_by_more_pairs() -> None:
    """Two starts differ by more than that for as long as they live."""
    tiny = Measured(MEAN, change=0.02, error=0.0135, pairs=400, base=1.0, head=1.02, unit="ms")
    assert pairs_needed(tiny, 0.01) == float("inf")


@given(
    bad=st.floats(0.05, 3.0), error=st.floats(0.01, 0.3), pairs=st.floats(5, 5000), changes=st.lists(st.floats(-1, 4))
)
def test_the_worse_a_commit_is_the_likelier_it_is_like_bad(
    bad: float, error: float, pairs: float, changes: list[float]
) -> None:
    """Between the two; and in the middle neither is likelier."""
    ratios = [
        log_ratio(Measured(MEAN, change, error, pairs, 1.0, 1.0, "ms"), bad)
        for change in sorted({min(max(change, 0.0), bad) for change in changes})
    ]
    assert all(first <= second + 1e-9 for first, second in pairwise(ratios))
    middle = Measured(MEAN, bad / 2, error, pairs, 1.0, 1.0, "ms")
    assert log_ratio(middle, bad) == pytest.approx(0.0, abs=1e-6)


@given(st.floats(1e-6, 0.4), st.floats(1e-6, 0.4))
def test_fewer_errors_take_a_likelier_answer(one: float, other: float) -> None:
    """The boundary rises as the error falls."""
    assert boundary(min(one, other)) >= boundary(max(one, other))


def _failing(count: int, each: int) -> list[Pair]:
    return [
        pair(number, block({ENDPOINT: [2.0] * 10}), block({ENDPOINT: [2.0] * (10 - each)}, failed=each))
        for number in range(count)
    ]


def test_errors_may_be_what_moved() -> None:
    """The failing commit is told from the others by its error rate."""
    failing = _failing(40, 3)
    found = moved(failing, RULES, 0.001)
    assert ERRORS in [one.key for one in found]
    bad = next(one for one in found if one.key == ERRORS)
    assert bad.change == pytest.approx(0.3, abs=0.01)
    assert nearer(_seen(_failing(40, 0), ERRORS), bad, 0.01) == "good"


def test_no_failure_among_few_requests_does_not_tell_a_rare_failure_from_none() -> None:
    """Where one request in a hundred fails, two hundred requests without a failure are nothing unusual."""
    bad = Measured(ERRORS, change=0.01, error=0.001, pairs=400, base=0.0, head=0.01, unit="share")
    assert nearer(_seen(_failing(20, 0), ERRORS), bad, 0.01) == "undecided"


def test_unchanged_code_has_nothing_that_moved() -> None:
    """Nothing is proven, so there is nothing to search for."""
    assert moved(noisy(100), RULES, 0.001) == []


def test_what_moved_is_told_with_its_size_the_endpoint_before_the_whole() -> None:
    """What the gate tolerates is searched for, too: +8 % where 10 % are tolerated."""
    found = moved(noisy(400, slower=1.08), RULES, 0.001)
    assert found[0].key.endpoint == ENDPOINT
    assert found[0].change == pytest.approx(0.077, abs=0.02)


def test_a_commit_without_the_endpoint_is_called_neither_good_nor_bad() -> None:
    """What moved cannot be seen there: the step ends early, and says why."""
    gone = replace(_measured(2.0, 1), key=CheckKey("GET /other", "mean"))
    step = NearerTo(100, 0.0, aims=[gone], error=0.01)
    for each in noisy(100):
        if not step.stopped:
            step.add(each)
    assert (step.found, step.answer) == (None, "undecided")
    assert step.stopped == "the check that moved cannot be compared there"
    assert len(step.counting) < 100


def test_what_was_seen_once_is_searched_for_only_if_another_start_shows_it_again() -> None:
    """One start of a program may be slow for as long as it lives, and what was chosen looks larger than it is."""
    first = _measured(1.5, 1, 60)
    again, alike = (SeenAgain(500, aims=[first], wanted=60) for _ in range(2))
    for slow, usual in zip(noisy(90, slower=1.3, drift=0.0, seed=2), noisy(90, drift=0.0, seed=3), strict=True):
        again.add(slow)
        alike.add(usual)
    alike.end()
    (found,) = again.found
    assert (again.stopped, alike.found) == (FOUND, [])
    assert exp(found.change) == pytest.approx(1.3, rel=0.1)  # as it was seen now


def test_pairs_of_a_service_that_has_just_started_are_left_out() -> None:
    """Ten pairs of a second each."""
    look = SeenAgain(500, 10.0, aims=[], wanted=20)
    for one in noisy(30):
        look.add(one)
    assert len(look.counting) == 20


def test_a_commit_whose_slow_requests_fail_is_not_good() -> None:
    """What succeeds is as fast as with GOOD; what failed may have been what is slow."""
    bad = log(5.0)
    key = CheckKey(ENDPOINT, "p95")
    failing = [pair(one.number, one.base, replace(one.head, endpoints=_of_which(one.head, 15))) for one in noisy(40)]
    for pairs, doubted in ((noisy(40), False), (failing, True)):
        found = {case.key: case for case in cases(pairs)}
        assert is_doubted(found[key], found[ERRORS], bad, 0.01) is doubted


@pytest.mark.parametrize(("change", "answer"), [(-1.5, "good"), (3.0, "bad")])
def test_what_lies_beyond_one_of_the_two_belongs_to_it(change: float, answer: str) -> None:
    """Four whole loads say of a commit that has five times GOOD's capacity that it is not like BAD."""
    bad = Measured(MEAN, change=1.5, error=0.03, pairs=4, base=5.0, head=26.0, unit="ms")
    assert nearer(replace(bad, change=change), bad, 0.01) == answer


def test_a_single_failure_casts_no_doubt_on_a_commit() -> None:
    """Chance explains it."""
    pairs = noisy(40)
    pairs[3] = pair(3, pairs[3].base, replace(pairs[3].head, endpoints=_of_which(pairs[3].head, 1)))
    found = {case.key: case for case in cases(pairs)}
    assert not is_doubted(found[CheckKey(ENDPOINT, "p95")], found[ERRORS], log(5.0), 0.01)


def test_a_spike_that_mostly_fails_has_no_figures_to_be_searched_by() -> None:
    """As in a comparison: a service that fails at once is soon back, and no better."""
    figures = {"recovery_time": 0.0, "spike_p95": 1.0}
    base, head = (replace(block({ENDPOINT: [1.0] * 10}, failed=failed), figures=figures) for failed in (0, 90))
    whole = [pair(number, base, head) for number in range(4)]
    assert [case.failed for case in cases_of(whole)] == [(0.0, 0.9), (0.0, 0.9)]
    assert moved(whole, RULES, 0.01) == []


def _of_which(head: Block, failed: int) -> dict[str, Requests]:
    return {name: replace(part, failed=failed) for name, part in head.endpoints.items()}
