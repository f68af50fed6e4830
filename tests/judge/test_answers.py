"""What both sides of a comparison answer: shorter, empty or redirected answers are told, and mostly are no verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.answers import answer_checks
from perfgate.measure.blocks import Block, Requests
from perfgate.measure.histogram import Histogram
from tests.judge.blocks import pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.result import Check

PAIRS = 20


def _side(sizes: Sequence[int], redirected: int = 0) -> Block:
    requests = Requests(Histogram.of([5.0] * len(sizes)), 0, sum(sizes), sum(not size for size in sizes), redirected)
    return Block({"GET /cart": requests}, 1.0)


def _checks(base: Block, head: Block, *, pairs: int = PAIRS) -> dict[str, Check]:
    found = answer_checks([pair(number, base, head) for number in range(pairs)], "invalid")
    return {check.metric: check for check in found}


def test_the_same_answers_are_nothing_to_tell() -> None:
    """Whatever they are: long, empty or redirected."""
    for side in (_side([20_000] * 10), _side([0] * 10), _side([300] * 10, redirected=10), _side([0, 5] * 5)):
        assert _checks(side, side) == {}


@pytest.mark.parametrize(
    ("head", "metric", "status"),
    [
        pytest.param(_side([0] * 10), "empty_answers", "invalid", id="every answer became empty"),
        pytest.param(_side([0] * 2 + [20_000] * 8), "empty_answers", "warn", id="a fifth of the answers became empty"),
        pytest.param(_side([30] * 10), "body_size", "invalid", id="an error in JSON with a status of 200"),
        pytest.param(_side([8_000] * 10), "body_size", "warn", id="less than half of it"),
        pytest.param(_side([20_000] * 10, 10), "redirected_answers", "invalid", id="a redirect to a page as long"),
        pytest.param(_side([20_000] * 10, 1), "redirected_answers", "warn", id="a tenth was redirected"),
    ],
)
def test_other_answers_are_told(head: Block, metric: str, status: str) -> None:
    """Most of them: no verdict on their times; some: a warning."""
    checks = _checks(_side([20_000] * 10), head)
    assert (metric, status) in {(name, check.status) for name, check in checks.items()}
    assert "answers" in checks[metric].message


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(_side([11_000] * 10), id="more than half as long"),
        pytest.param(_side([90_000] * 10), id="longer: what takes more time is compared"),
    ],
)
def test_answers_that_are_not_much_shorter_are_not_told(head: Block) -> None:
    """A template that lost a footer is no other answer."""
    assert _checks(_side([20_000] * 10), head) == {}


def test_empty_answers_that_are_filled_are_no_fault() -> None:
    """Only what makes a head look faster."""
    assert _checks(_side([0] * 10, redirected=10), _side([20_000] * 10)) == {}


def test_too_few_requests_say_nothing() -> None:
    """One request of a rare endpoint may be whatever it was."""
    assert _checks(_side([20_000]), _side([0]), pairs=3) == {}


def test_one_very_long_answer_at_the_base_is_no_change() -> None:
    """It makes the average of all; pair by pair nothing is shorter."""
    base, long, head = _side([100] * 10), _side([100] * 9 + [50_000_000]), _side([100] * 10)
    pairs = [pair(number, long if number == 7 else base, head) for number in range(PAIRS)]
    assert list(answer_checks(pairs, "invalid")) == []


def test_a_recording_that_does_not_know_what_was_answered_says_nothing() -> None:
    """As older ones do."""
    old = Block({"GET /cart": Requests(Histogram.of([5.0] * 10), 0)}, 1.0)
    assert _checks(old, old) == {}


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
    st.sampled_from(["invalid", "warn"]),
)
def test_whatever_is_answered_it_is_a_warning_or_what_was_asked_for(
    base: list[int], head: list[int], most: str
) -> None:
    """Never a failure, never a pass: nothing is known of what should be answered."""
    sides = _side(base), _side(head)
    for check in answer_checks([pair(number, *sides) for number in range(PAIRS)], most):  # type: ignore[arg-type]
        assert check.status in {"warn", most}
        assert check.decision is None
