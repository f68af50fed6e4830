"""The verdict: the rows of these tables are its specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.verdict import exit_code, verdict_of

if TYPE_CHECKING:
    from perfgate.judge.result import Status, Verdict

STATUSES = st.lists(st.sampled_from(["pass", "warn", "fail", "invalid", "skipped"]), max_size=6)


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["pass"], "pass"),
        (["pass", "pass"], "pass"),
        (["pass", "skipped"], "pass"),
        (["pass", "warn"], "warn"),
        (["warn", "skipped"], "warn"),
        (["pass", "warn", "invalid"], "invalid"),
        (["skipped", "invalid"], "invalid"),
        (["pass", "fail"], "fail"),
        (["fail", "warn"], "fail"),
        (["fail", "invalid"], "fail"),
        (["skipped"], "invalid"),
        ([], "invalid"),
    ],
)
def test_many_statuses_make_one_verdict(statuses: list[Status], verdict: Verdict) -> None:
    """A proven red is not hidden by an unknown; an unknown is never green; nothing judged is unknown."""
    assert verdict_of(statuses) == verdict


@given(STATUSES)
def test_an_unsound_measurement_proves_nothing(statuses: list[Status]) -> None:
    """Neither red nor green."""
    assert verdict_of(statuses, sound=False) == "invalid"


@given(STATUSES)
def test_unknown_is_never_pass(statuses: list[Status]) -> None:
    """A pass needs a pass, and nothing but passes and skips beside it."""
    assert (verdict_of(statuses) == "pass") == ("pass" in statuses and set(statuses) <= {"pass", "skipped"})


@given(STATUSES)
def test_the_order_of_checks_does_not_matter(statuses: list[Status]) -> None:
    """Reversed, it is the same."""
    assert verdict_of(reversed(statuses)) == verdict_of(statuses)


@pytest.mark.parametrize(
    ("verdict", "strict", "code"),
    [
        ("pass", False, 0),
        ("pass", True, 0),
        ("warn", False, 0),
        ("warn", True, 1),
        ("fail", False, 1),
        ("fail", True, 1),
        ("invalid", False, 3),
        ("invalid", True, 3),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, strict: bool, code: int) -> None:
    """Part of the contract with CI."""
    assert exit_code(verdict, strict=strict) == code
