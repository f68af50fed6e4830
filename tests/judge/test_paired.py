"""Paired comparison: what is decided, and with which words."""

from __future__ import annotations

import pytest

from perfgate.judge.paired import Change, CheckKey, Rules, Sequential, compare_pairs
from tests.judge.blocks import ENDPOINT, block, noisy, pair, swapped

RULES = Rules(max_slowdown_percent=10.0)


def found(changes: list[Change], metric: str, endpoint: str | None = ENDPOINT) -> Change:
    return next(change for change in changes if change.key == CheckKey(endpoint, metric))


@pytest.mark.parametrize(
    ("slower", "max_slowdown", "decision"),
    [
        (1.0, 10.0, "not_worse"),
        (1.05, 10.0, "not_worse"),
        (1.3, 10.0, "worse"),
        (1.1, 10.0, "undecided"),  # exactly what is tolerated: it can never be told
        (1.3, 50.0, "not_worse"),
        (1.0, 0.0, "undecided"),
        (0.7, 10.0, "better"),
        (0.7, 0.0, "better"),
    ],
)
def test_the_interval_against_what_is_tolerated_decides(slower: float, max_slowdown: float, decision: str) -> None:
    """Worse: all of it above; not worse: all of it below; else undecided. Better: all of it below zero."""
    changes = compare_pairs(noisy(60, slower=slower), Rules(max_slowdown))
    change = found(changes, "mean")
    assert change.decision == decision
    assert change.interval is not None
    low, high = change.interval
    assert (low >= max_slowdown) == (decision == "worse")
    assert (high <= max_slowdown) == (decision in {"not_worse", "better"})
    assert change.change == pytest.approx((slower - 1) * 100, abs=3)


@pytest.mark.parametrize("metric", ["mean", "p50", "p95"])
def test_every_latency_metric_finds_a_slowdown(metric: str) -> None:
    """With base and head in ms, and the requests that they rest on."""
    change = found(compare_pairs(noisy(60, slower=1.5), RULES), metric)
    assert (change.decision, change.gating, change.pairs, change.value_unit) == ("worse", True, 60, "ms")
    assert change.base is not None
    assert change.head is not None
    assert change.head / change.base == pytest.approx(1.5, rel=0.05)
    assert change.base_requests == change.head_requests == 3000


def test_few_requests_per_block_are_enough() -> None:
    """A p95 of ten requests means nothing, but all blocks together carry one."""
    change = found(compare_pairs(noisy(60, slower=2.0, requests=10), RULES), "p95")
    assert change.decision == "worse"


def test_p99_is_shown_and_never_part_of_the_verdict() -> None:
    """Nor are percentiles over different endpoints."""
    changes = compare_pairs(noisy(60, slower=2.0), RULES)
    assert found(changes, "p99").decision == "worse"
    shown = {(change.key.endpoint, change.key.metric) for change in changes if not change.gating}
    assert shown == {(ENDPOINT, "p99"), (None, "p50"), (None, "p95"), (None, "p99")}


def test_a_percentile_needs_requests() -> None:
    """As everywhere: 1 / (1 - q) of them at each side."""
    changes = compare_pairs(noisy(50, requests=1), RULES)
    assert found(changes, "p99").decision == "too_few"
    assert found(changes, "p99").words == "p99 too few requests to compare"
    assert found(changes, "p95").decision != "too_few"
    assert found(compare_pairs(noisy(19, requests=1), RULES), "p95").decision == "too_few"


def test_endpoints_at_one_side_only_are_told_and_not_compared() -> None:
    """New at the head, gone from it."""
    pairs = [
        pair(number, block({"old": [1.0, 2.0], "both": [1.0]}), block({"both": [1.0], "fresh": [3.0]}))
        for number in range(20)
    ]
    changes = compare_pairs(pairs, RULES)
    assert {change.decision for change in changes if change.key.endpoint == "old"} == {"gone"}
    assert {change.decision for change in changes if change.key.endpoint == "fresh"} == {"new"}
    assert found(changes, "mean", "fresh").words == "geometric mean new: the base has no such endpoint"
    assert found(changes, "mean", "old").change is None
    assert found(changes, "mean", None).change == pytest.approx(0.0, abs=1e-6)  # of what both sides have


@pytest.mark.parametrize("time_ms", [5.0, 0.0])
def test_constant_and_zero_times_are_told_apart_no_finer_than_histograms_do(time_ms: float) -> None:
    """0.1 %."""
    pairs = [pair(number, block({"a": [time_ms] * 20}), block({"a": [time_ms] * 20})) for number in range(60)]
    for metric in ("mean", "p50", "p95"):
        change = found(compare_pairs(pairs, RULES), metric, "a")
        assert change.decision == "not_worse"
        assert change.change == pytest.approx(0.0, abs=1e-4)
        assert change.interval == pytest.approx((-0.1, 0.1), abs=0.01)


def test_a_constant_service_that_becomes_slower_is_found() -> None:
    """Without any noise to measure against."""
    pairs = [pair(number, block({"a": [5.0] * 20}), block({"a": [6.0] * 20})) for number in range(60)]
    assert {found(compare_pairs(pairs, RULES), metric, "a").decision for metric in ("mean", "p50", "p95")} == {"worse"}


def test_disturbed_pairs_are_left_out_and_counted() -> None:
    """However wild they are."""
    calm = noisy(40)
    wild = [pair(40 + number, one.base, one.head, "steal") for number, one in enumerate(noisy(20, slower=5.0, seed=2))]
    comparison = Sequential(RULES, 60)
    decisions = comparison.look([*calm, *wild], final=True)
    assert (decisions.pairs, decisions.disturbed) == (40, 20)
    assert found(comparison.changes([*calm, *wild]), "mean").decision == "not_worse"


def test_one_wild_pair_changes_little() -> None:
    """It neither makes the verdict nor hides a slowdown."""
    stalled = noisy(1, slower=100.0, seed=9)
    same, slow = noisy(60), noisy(60, slower=1.3)
    assert found(compare_pairs([*same, *stalled], RULES), "mean").decision == "not_worse"
    assert found(compare_pairs([*slow, *swapped(stalled)], RULES), "mean").decision == "worse"


def test_beside_a_pass_stands_what_would_have_been_found() -> None:
    """And such a slowdown is found in most cases."""
    least = found(compare_pairs(noisy(60), RULES), "mean").smallest_detectable
    assert least is not None
    assert 10 < least < 20
    slow = [found(compare_pairs(noisy(60, slower=1 + least / 100, seed=seed), RULES), "mean") for seed in range(5)]
    assert sum(change.decision == "worse" for change in slow) >= 3


def test_what_is_undecided_says_what_it_takes() -> None:
    """By how much it missed: widths shrink with the square root of the pairs."""
    change = found(compare_pairs(noisy(20, slower=1.04, requests=5, seed=3), RULES), "mean")
    assert change.decision == "undecided"
    assert change.pairs_needed is not None
    assert change.pairs_needed > 20
    assert change.words.endswith(f"about {change.pairs_needed:,} pairs would tell, 20 were driven")
    assert change.too_wide


def test_too_little_data_is_not_the_same_as_a_close_call() -> None:
    """An interval that would hold the tolerated change even had nothing changed is too wide."""
    change = found(compare_pairs(noisy(60, slower=1.1), RULES), "mean")
    assert (change.decision, change.too_wide) == ("undecided", False)


def test_a_finding_in_words() -> None:
    """With its interval, and what it was held against."""
    pairs = [pair(number, block({"a": [5.0] * 20}), block({"a": [6.0] * 20})) for number in range(60)]
    words = found(compare_pairs(pairs, RULES), "p50", "a").words
    assert words == "p50 5.002 ms to 6.002 ms, +20 % (+20 % to +20 %); proven worse than the 10 % tolerated"


@pytest.mark.parametrize(("failing", "decision"), [(0, "not_worse"), (1, "worse")])
def test_more_failures_fail(failing: int, decision: str) -> None:
    """An error rate is compared in percentage points: here it rises by 9."""
    pairs = [pair(number, block({"a": [1.0] * 10}), block({"a": [1.0] * 10}, failed=failing)) for number in range(60)]
    change = found(compare_pairs(pairs, RULES), "error_rate", "a")
    assert (change.decision, change.unit, change.tolerated) == (decision, "points", 1.0)
    assert change.change == pytest.approx(9.09 * failing, abs=0.01)
    assert change.smallest_detectable is not None
    assert change.smallest_detectable > 1.0


def test_an_endpoint_that_only_fails_is_worse() -> None:
    """It has no latency to compare, which hides nothing."""
    pairs = [pair(number, block({"a": [1.0] * 5}), block({"a": []}, failed=5)) for number in range(60)]
    changes = compare_pairs(pairs, RULES)
    assert found(changes, "error_rate", "a").decision == "worse"
    mean = found(changes, "mean", "a")
    assert (mean.decision, mean.words) == ("failed", "geometric mean not compared: 100 % of the head's requests failed")


def test_resources_of_the_whole_service_are_compared() -> None:
    """CPU per request and memory, where perfgate started the service; throughput, where less is worse."""
    pairs = [
        pair(
            number,
            block({"a": [1.0] * 20}, cpu_s=0.10 + 0.001 * (number % 3), memory=50e6),
            block({"a": [1.0] * 10}, cpu_s=0.10 + 0.001 * (number % 2), memory=50.5e6),
        )
        for number in range(60)
    ]
    changes = compare_pairs(pairs, RULES)
    cpu, memory, throughput = (found(changes, name, None) for name in ("cpu_per_request", "memory", "throughput"))
    assert cpu.decision == "worse"  # twice as much for each
    assert cpu.change == pytest.approx(100, abs=3)
    assert memory.decision == "not_worse"
    assert memory.change == pytest.approx(1.0, abs=0.1)
    assert (throughput.decision, throughput.base, throughput.head) == ("worse", 20.0, 10.0)
    assert throughput.change == pytest.approx(-50, abs=0.1)
    assert throughput.tolerated == pytest.approx(9.09, abs=0.01)


def test_memory_that_two_starts_of_one_revision_may_differ_by_is_no_change() -> None:
    """It is the same in every pair, so that pairs alone would prove anything."""
    pairs = [pair(n, block({"a": [1.0]}, memory=50e6), block({"a": [1.0]}, memory=50.5e6)) for n in range(60)]
    assert found(compare_pairs(pairs, Rules(0.0)), "memory", None).decision == "undecided"


def test_resources_that_were_not_measured_are_left_out() -> None:
    """Two deployments that already run."""
    metrics = {change.key.metric for change in compare_pairs(noisy(20), RULES) if change.key.endpoint is None}
    assert metrics == {"mean", "p50", "p95", "p99", "throughput", "error_rate"}


def test_no_pairs_are_no_changes() -> None:
    """And nothing is decided by them."""
    assert compare_pairs([], RULES) == []
    assert not Sequential(RULES, 60).look([]).decided
    assert not Sequential(RULES, 60).look([], final=True).settled
