"""Error rates of a comparison: decided on counts, over requests, at any number of requests a block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfgate.judge.changed import contradicts
from perfgate.judge.error_rates import Counts
from perfgate.judge.paired import Change, CheckKey, Rules, Sequential, compare_pairs
from perfgate.judge.signflip import clipped
from perfgate.measure.blocks import Block, Pair, Requests
from perfgate.measure.histogram import Histogram

RULES = Rules(max_slowdown_percent=10.0)
ENDPOINT = "GET /rare"
Side = tuple[float, float]  # error rate, and the factor on its times


def driven(
    count: int,
    per_block: float,
    *,
    base: Side = (0.0, 1.0),
    head: Side = (0.0, 1.0),
    onset: int = 0,
    seed: int = 1,
    slow_fail: bool = False,
) -> list[Pair]:
    """Pairs of short blocks; the head's failures begin with the pair `onset`, and may be those that are slow."""
    rng = np.random.default_rng(seed)

    def block(rate: float, factor: float) -> Block:
        times = np.sort(np.exp(rng.normal(0, 0.3, rng.poisson(per_block)))) * factor
        failed = int(rng.binomial(times.size, rate)) if not slow_fail else int((times > 1 / max(rate, 1e-9)).sum())
        kept = times[: times.size - failed] if slow_fail else rng.permutation(times)[failed:]
        return Block({ENDPOINT: Requests(Histogram.of(kept), failed)} if times.size else {}, 0.045)

    return [
        Pair(number, block(*base), block(head[0] if number >= onset else base[0], head[1]), "base")
        for number in range(count)
    ]


def looked_at(pairs: list[Pair]) -> dict[str, Change]:
    """As a comparison looks at them while they come."""
    comparison = Sequential(RULES, len(pairs))
    for count in range(1, len(pairs) + 1):
        if comparison.due(count):
            comparison.look(pairs[:count])
    return {change.key.metric: change for change in comparison.changes(pairs) if change.key.endpoint == ENDPOINT}


@pytest.mark.parametrize("per_block", [0.5, 1.0, 2.0])
def test_errors_at_one_side_are_found_however_few_requests_a_block_has(per_block: float) -> None:
    """Most pairs have no failure then; those that have are the finding."""
    found = looked_at(driven(400, per_block, head=(0.1, 1.0)))["error_rate"]
    assert found.decision in {"worse", "undecided"}
    assert not found.too_wide  # so that it is no mere warning
    if per_block > 0.5:
        assert found.decision == "worse"


def test_errors_that_begin_late_are_not_hidden_by_an_earlier_look() -> None:
    """After a fifth of the pairs; "not worse" of an error rate is never final before the last look."""
    pairs = driven(300, 2.0, head=(0.2, 1.0), onset=60)
    comparison = Sequential(RULES, len(pairs))
    key = CheckKey(ENDPOINT, "error_rate")
    assert comparison.look(pairs[:45]).by_check[key] == "not_worse"
    assert comparison.look(pairs).by_check[key] == "worse"


def test_a_slowdown_that_begins_late_opens_what_was_decided() -> None:
    """Nothing is called not slower beside an estimate beyond what is tolerated."""
    early, late = driven(60, 20.0), driven(140, 20.0, head=(0.0, 1.5), seed=2)
    comparison = Sequential(RULES, 200)
    key = CheckKey(ENDPOINT, "p50")
    assert comparison.look(early).by_check[key] == "not_worse"
    assert comparison.look([*early, *late]).by_check[key] in {"worse", "undecided"}


def test_slower_with_errors_is_never_faster() -> None:
    """+49 % with 5 % errors, half a request a block."""
    found = looked_at(driven(400, 0.5, head=(0.05, 1.49)))
    assert not {found[metric].decision for metric in ("mean", "p50", "p95", "error_rate")} & {"better", "not_worse"}


def test_requests_that_fail_because_they_are_slow_make_nothing_faster() -> None:
    """The head gives up what takes long: what is left is quick, and proves nothing in its favour."""
    pairs = driven(100, 20.0, slow_fail=True, base=(0.01, 1.0), head=(0.7, 1.0))  # above 1/0.7 it fails: some 12 %
    found = looked_at(pairs)
    assert found["error_rate"].decision == "worse"
    assert (found["mean"].decision, found["p95"].decision) == ("not_worse", "undecided")  # without them: both better


def test_failures_of_both_sides_alike_are_no_hindrance() -> None:
    """An endpoint that refuses a part on purpose is compared as any other."""
    found = looked_at(driven(150, 20.0, base=(0.03, 1.0), head=(0.03, 1.0)))
    assert {found[metric].decision for metric in ("mean", "p50")} <= {"not_worse", "better"}
    assert found["p95"].decision != "worse"


def test_an_endpoint_without_failures_says_so_and_what_would_have_been_found() -> None:
    """Its interval is that of so many requests, and is not cut at what is tolerated."""
    change = looked_at(driven(60, 1.0))["error_rate"]
    assert change.decision == "not_worse"
    assert "; no request failed at the head; " in change.words
    assert change.interval is not None
    assert change.interval[1] > change.tolerated
    assert not contradicts(change)


def test_one_failure_of_few_requests_is_too_little_to_say_more() -> None:
    """A warning beside known latencies; several, and none at the base, are more than chance."""
    pairs = driven(100, 2.0, seed=3)
    few = [replaced(pairs, failed) for failed in (1, 12)]
    assert [looked_at(own)["error_rate"].too_wide for own in few] == [True, False]


def replaced(pairs: list[Pair], failures: int) -> list[Pair]:
    """So many more failures at the head, one in a pair."""
    found = list(pairs)
    for place in range(failures):
        one = pairs[place * 7]
        part = one.head.endpoints.get(ENDPOINT, Requests())
        head = Block({ENDPOINT: Requests(part.response_ms, 1)}, one.head.measured_s)
        found[place * 7] = Pair(one.number, one.base, head, one.first)
    return found


@settings(deadline=None, max_examples=6)
@given(
    st.floats(0.3, 8.0),
    st.tuples(st.sampled_from([0.0, 0.01, 0.2]), st.sampled_from([0.0, 0.03, 0.3])),
    st.sampled_from([0.6, 1.0, 1.5]),
    st.integers(0, 40),
    st.integers(0, 1000),
)
def test_nothing_is_called_not_worse_beside_an_interval_that_is_all_worse(
    per_block: float, rates: tuple[float, float], factor: float, onset: int, seed: int
) -> None:
    """Whatever both sides do, and whenever they begin to."""
    pairs = driven(40, per_block, base=(rates[0], 1.0), head=(rates[1], factor), onset=onset, seed=seed)
    for change in looked_at(pairs).values():
        assert not contradicts(change)
        if change.decision in {"not_worse", "better"}:
            assert change.change is not None
            assert change.change <= change.tolerated + 0.2


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1), st.floats(-0.5, 0.5))
@settings(deadline=None, max_examples=30)
def test_p_values_and_ends_of_counts_agree(base: int, head: int, low: float, high: float, rise: float) -> None:
    """An end at the level of a p-value lies at the rise that was asked for."""
    counts = Counts(round(low * base), base, round(high * head), head)
    above, below = counts.p_above(rise), counts.p_below(rise)
    assert 0 < above <= 1
    assert max(above, below) >= 0.4999  # not both can be likely to be false
    if 1e-14 < above < 0.5:
        assert counts.lower(above) == pytest.approx(rise, abs=1e-3)
    assert counts.lower(1e-4) <= counts.rise <= counts.upper(1e-4)


def test_where_nothing_failed_counts_give_the_exact_interval() -> None:
    """0 of 500 against 0 of 500: 1 - level ** (1 / 500), which is the rule of three at 5 %."""
    assert Counts(0, 500, 0, 500).upper(0.05) == pytest.approx(1 - 0.05 ** (1 / 500))
    assert Counts(0, 500, 0, 500).upper(0.05) == pytest.approx(3 / 500, rel=0.01)


def test_unchanged_error_rates_are_hardly_ever_called_worse() -> None:
    """At most one in a hundred times, with few requests and many."""
    rng = np.random.default_rng(5)
    red = 0
    for _ in range(300):
        base, head = rng.binomial(200, 0.05, 2)
        red += Counts(base, 200, head, 200).p_above(0.0) <= 0.01
    assert red <= 6


def test_pairs_that_say_nothing_do_not_bound_those_that_do() -> None:
    """Zeros are no sizes."""
    scores = np.array([[0.0] * 50 + [1.0, -1.0, 1.0, 2.0]])
    assert (clipped(scores) == scores).all()


def test_a_contradiction_is_told_apart_from_a_finding() -> None:
    """Of times and of rates more is worse, of throughput less."""
    sound = {change.key.metric: change for change in compare_pairs(driven(30, 5.0), RULES)}
    assert not any(contradicts(change) for change in sound.values())
    p50, rate = (replace(sound[metric], decision="not_worse", tolerated=10.0) for metric in ("p50", "error_rate"))
    assert contradicts(replace(p50, interval=(20.0, 30.0)))
    assert not contradicts(replace(p50, interval=(-5.0, 30.0)))
    served = replace(rate, key=CheckKey(None, "throughput"))
    assert contradicts(replace(served, interval=(-30.0, -20.0)))
    assert not contradicts(replace(served, interval=(20.0, 30.0)))
