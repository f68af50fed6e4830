"""History comparison: this run against what earlier runs let expect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.judge.past import PastChange, PastRules, judge_history

RULES = PastRules(max_slowdown_percent=10.0)
AROUND_100 = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8, 100.9, 99.1, 100.0]


def one(value: float, past: list[float], rules: PastRules = RULES) -> PastChange[str]:
    return judge_history({"p95": value}, {"p95": past}, rules)[0]


@pytest.mark.parametrize(
    ("value", "decision"),
    [(100.0, "not_worse"), (103.0, "not_worse"), (110.0, "undecided"), (150.0, "worse"), (50.0, "better")],
)
def test_the_prediction_interval_against_what_is_tolerated_decides(value: float, decision: str) -> None:
    """For ten runs that scatter by 0.7 %."""
    found = one(value, AROUND_100)
    assert (found.decision, found.runs, found.runs_needed) == (decision, 10, 0)
    assert found.expected == pytest.approx(100, abs=0.1)
    assert found.change_percent == pytest.approx(value - 100, abs=0.1)
    assert found.interval_percent is not None
    assert found.change_percent is not None
    assert found.interval_percent[0] < found.change_percent < found.interval_percent[1]


@pytest.mark.parametrize("runs", range(5))
def test_few_runs_say_how_many_more_are_needed(runs: int) -> None:
    """Five make a verdict."""
    found = one(500.0, AROUND_100[:runs])
    assert (found.decision, found.runs, found.runs_needed) == ("too_few", runs, 5 - runs)
    assert found.change_percent is None
    assert f"{5 - runs} more needed" in found.words("ms")


def test_a_key_without_history_needs_five_runs() -> None:
    """A new endpoint."""
    found = judge_history({"new": 1.0, "old": 100.0}, {"old": AROUND_100}, RULES)
    assert [(each.key, each.decision) for each in found] == [("new", "too_few"), ("old", "not_worse")]


def test_one_wild_run_hides_nothing() -> None:
    """Nor does it move what is expected."""
    found = one(150.0, [*AROUND_100, 1000.0])
    assert found.decision == "worse"
    assert found.expected == pytest.approx(100.2, abs=0.5)


def test_among_few_runs_a_wild_one_makes_nothing_red() -> None:
    """It makes the interval wide."""
    assert one(101.0, [*AROUND_100[:5], 30.0]).decision == "undecided"


def test_a_slow_machine_is_no_slow_service() -> None:
    """Value and control are both half as long again: the service is the same."""
    controls: list[float | None] = [10.0] * 10
    arguments = ({"p95": 150.0}, {"p95": AROUND_100}, RULES)
    same = judge_history(*arguments, control=15.0, past_controls=controls)[0]
    assert (same.decision, same.relative) == ("not_worse", True)
    assert same.expected == pytest.approx(150, abs=0.2)
    assert judge_history(*arguments)[0].decision == "worse"


def test_runs_without_a_control_are_left_out() -> None:
    """Unless too few would be left: then nothing is relative."""
    past = {"p95": AROUND_100}
    some = judge_history({"p95": 100.0}, past, RULES, control=10.0, past_controls=[10.0] * 6 + [None] * 4)[0]
    assert (some.relative, some.runs) == (True, 6)
    few = judge_history({"p95": 100.0}, past, RULES, control=10.0, past_controls=[10.0] * 4 + [None] * 6)[0]
    assert (few.relative, few.runs) == (False, 10)


def test_of_a_throughput_less_is_worse() -> None:
    """And a slow machine lowers it."""
    keys = frozenset({"throughput"})
    past = {"throughput": AROUND_100}
    half = judge_history({"throughput": 50.0}, past, RULES, higher_is_better=keys)[0]
    assert half.decision == "worse"
    assert half.change_percent == pytest.approx(-50, abs=0.2)
    assert judge_history({"throughput": 200.0}, past, RULES, higher_is_better=keys)[0].decision == "better"
    slow = judge_history(
        {"throughput": 50.0}, past, RULES, control=20.0, past_controls=[10.0] * 10, higher_is_better=keys
    )[0]
    assert slow.decision == "not_worse"


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_what_has_no_logarithm_is_not_judged(value: float) -> None:
    """Unknown is never pass."""
    found = one(value, AROUND_100)
    assert (found.decision, found.change_percent) == ("undecided", None)
    assert found.words() == "nothing to compare: the value is not positive"


def test_runs_that_are_all_the_same_are_judged_no_finer_than_histograms_are() -> None:
    """0.1 %."""
    assert one(100.0, [100.0] * 6, PastRules(1.0)).decision == "not_worse"
    assert one(100.05, [100.0] * 6, PastRules(0.0)).decision == "undecided"
    assert one(102.0, [100.0] * 6, PastRules(1.0)).decision == "worse"


def test_one_budget_for_all_checks() -> None:
    """What is proven alone is not proven among a thousand; what is not worse alone is so among a thousand."""
    past = [100.0, 103.0, 97.0, 101.0, 99.0, 102.0]
    others = {str(number): past for number in range(1000)}
    values = dict.fromkeys(others, 100.0)
    assert one(125.0, past).decision == "worse"
    assert judge_history({"a": 125.0, **values}, {"a": past, **others}, RULES)[0].decision == "undecided"
    assert one(96.0, past).decision == "not_worse"
    assert judge_history({"a": 96.0, **values}, {"a": past, **others}, RULES)[0].decision == "not_worse"


def test_a_finding_in_words() -> None:
    """With what was expected, and what would have been found."""
    assert one(150.0, AROUND_100).words("ms").startswith("150 ms, 100 ms expected from 10 runs, +50 % (+4")
    assert one(150.0, AROUND_100).words("ms").endswith("proven worse than the 10 % tolerated")
    assert one(100.0, AROUND_100).words("ms").endswith("would have been found")
    assert one(100.0, [100.0, 150.0, 70.0, 120.0, 90.0]).too_wide


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e3), st.integers(5, 40))
def test_neither_the_unit_nor_the_order_of_runs_matters(seed: int, factor: float, runs: int) -> None:
    """Changes are relative."""
    rng = np.random.default_rng(seed)
    past = np.exp(rng.normal(0, 0.05, runs))
    value = float(np.exp(rng.normal(0, 0.1)))
    here = one(value, past.tolist())
    there = one(value * factor, (rng.permutation(past) * factor).tolist())
    assert here.change_percent == pytest.approx(there.change_percent)
    assert here.interval_percent == pytest.approx(there.interval_percent)


def test_unchanged_runs_are_hardly_ever_red() -> None:
    """At most the rate, of verdicts over 20 checks that tolerate nothing."""
    rng = np.random.default_rng(1)
    red = 0
    for _ in range(300):
        logs = rng.normal(0, 0.05, (20, 11))
        past = dict(enumerate(np.exp(logs[:, 1:]).tolist()))
        found = judge_history(dict(enumerate(np.exp(logs[:, 0]).tolist())), past, PastRules(0.0, 0.05))
        red += any(check.decision == "worse" for check in found)
    assert 1 <= red <= 30  # 15 expected


@pytest.mark.parametrize(
    ("past", "value", "decision"),
    [
        ([0.0] * 6, 0.0, "not_worse"),
        ([0.0] * 6, 0.9, "undecided"),
        ([0.0] * 6, 500.0, "worse"),
        ([0.0, 0.001, 0.0, 0.001, 0.0, 0.001], 0.001, "not_worse"),
        ([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], 1.0, "not_worse"),
        ([5.0] * 6, 0.0, "better"),
    ],
)
def test_a_time_of_zero_is_less_than_the_clock_can_tell(past: list[float], value: float, decision: str) -> None:
    """It is a value, of a run that counts; and between it and the next one that the clock tells there is no change."""
    (found,) = judge_history({"p50": value}, {"p50": past}, RULES, least=1.0)
    assert (found.decision, found.runs) == (decision, 6)


def test_a_throughput_of_zero_is_as_bad_as_can_be() -> None:
    """Not a value that is left out: every request of the endpoint failed."""
    keys = frozenset({"throughput"})
    (found,) = judge_history({"throughput": 0.0}, {"throughput": [10.0] * 6}, RULES, higher_is_better=keys)
    assert found.decision == "worse"
