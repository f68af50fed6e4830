"""What must hold for any pairs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from perfgate.judge.contrast import Quantile, Values
from perfgate.judge.inversion import bounds, p_not_worse, p_worse
from perfgate.judge.paired import Change, Rules, compare_pairs
from perfgate.judge.signflip import clipped, p_above
from tests.judge.blocks import ENDPOINT, block, noisy, pair, swapped

if TYPE_CHECKING:
    from perfgate.measure.blocks import Pair

few = settings(max_examples=3, deadline=None)
RULES = Rules(10.0)
seeds = st.integers(0, 10_000)


def changes_of(pairs: list[Pair]) -> dict[str, Change]:
    return {change.key.metric: change for change in compare_pairs(pairs, RULES) if change.key.endpoint == ENDPOINT}


def scaled(count: int, factor: float, seed: int) -> list[Pair]:
    rng = np.random.default_rng(seed)
    result = []
    for number in range(count):
        base, head = np.exp(rng.normal(0, 0.3, (2, 30)))
        result.append(pair(number, block({ENDPOINT: base * factor}), block({ENDPOINT: head * factor})))
    return result


@few
@given(seeds, st.floats(0.01, 1000))
def test_the_unit_of_time_does_not_matter(seed: int, factor: float) -> None:
    """Changes are relative."""
    here, there = changes_of(scaled(20, 1.0, seed)), changes_of(scaled(20, factor, seed))
    for metric, near in (("mean", 1.0), ("p95", 3.0)):  # histograms have other bins there, and a p95 few neighbours
        assert here[metric].change == pytest.approx(there[metric].change, abs=near)


@few
@given(seeds)
def test_base_and_head_exchanged_is_the_change_back(seed: int) -> None:
    """1.1 times is 1 / 1.1 times back."""
    pairs = noisy(20, slower=1.1, seed=seed)
    one, other = changes_of(pairs), changes_of(swapped(pairs))
    for metric in ("mean", "p50", "p95"):
        there, back = one[metric].change, other[metric].change
        assert there is not None
        assert back is not None
        assert (1 + there / 100) * (1 + back / 100) == pytest.approx(1, abs=0.02)


@few
@given(seeds)
def test_the_order_of_pairs_does_not_matter(seed: int) -> None:
    """For one look at all of them."""
    pairs = noisy(20, seed=seed)
    shuffled = [pairs[place] for place in np.random.default_rng(seed).permutation(20)]
    one, other = changes_of(pairs), changes_of(shuffled)
    for metric in ("mean", "p50", "p95"):
        assert one[metric].decision == other[metric].decision
        assert one[metric].change == pytest.approx(other[metric].change, abs=0.3)  # three bins of a histogram


@few
@given(seeds)
def test_more_pairs_tell_more(seed: int) -> None:
    """Four times as many: about half as wide."""
    few_pairs, many = changes_of(noisy(25, seed=seed))["mean"], changes_of(noisy(100, seed=seed))["mean"]
    assert few_pairs.interval is not None
    assert many.interval is not None
    assert many.interval[1] - many.interval[0] < 0.8 * (few_pairs.interval[1] - few_pairs.interval[0])


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, (1, 10), elements=st.just(0.0) | st.floats(0.01, 10) | st.floats(-10, -0.01)))
def test_the_tail_is_that_of_all_sign_flips(scores: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    """Counted, for ten pairs; never much smaller than it is, even where a few large scores make a coarse grid."""
    signs = np.array(list(itertools.product([-1, 1], repeat=10)))
    sums = signs @ np.abs(scores[0])
    exact = float(np.mean(sums >= scores.sum() - 1e-9))
    assert exact / 2.5 - 1e-9 <= p_above(scores)[0] <= 1.0
    if exact < 0.3:
        assert p_above(scores)[0] <= exact * 3 + 0.05


@given(arrays(np.float64, (3, 12), elements=st.floats(-1e6, 1e6)))
def test_clipping_keeps_signs_and_bounds_sizes(scores: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    """It depends on the sizes alone, so that flipping signs and clipping can be exchanged."""
    once = clipped(scores)
    assert (np.sign(once) == np.sign(scores)).all()
    assert (np.abs(once) <= np.abs(scores)).all()
    assert (clipped(-scores) == -once).all()


def test_the_far_tail_is_true_for_equal_scores() -> None:
    """All sixty one way: one flip in 2^60."""
    assert p_above(np.ones((1, 60)))[0] == 0.5**60
    assert p_above(-np.ones((1, 60)))[0] == 1.0
    assert p_above(np.zeros((1, 60)))[0] == 1.0


@few
@given(seeds, st.sampled_from([0.5, 0.95]))
def test_the_interval_is_the_changes_that_are_not_rejected(seed: int, share: float) -> None:
    """A little within its ends the test does not reject, a little beyond it does."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(30), 20)
    sides = [Values.of(np.exp(rng.normal(0, 0.3, 600)), np.ones(600, np.int64), numbers, 30) for _ in range(2)]
    contrast = Quantile(sides[0], sides[1], share)
    found = bounds(contrast, 0.01, 0.01)
    assert found.lower < found.change < found.upper
    assert p_worse(contrast, found.lower - 0.03) < 0.011
    assert p_worse(contrast, found.lower + 0.03) > 0.009
    assert p_not_worse(contrast, found.upper + 0.03) < 0.011
    assert p_not_worse(contrast, found.upper - 0.03) > 0.009


@few
@given(seeds, st.floats(-0.5, 0.5), st.sampled_from([0.5, 0.9, 0.95]))
def test_scores_balance_at_the_plain_change(seed: int, change: float, share: float) -> None:
    """Where the supposed change is that of the pooled quantiles, both sides lie above it equally often."""
    rng = np.random.default_rng(seed)
    numbers = np.repeat(np.arange(20), 10)
    base = Values.of(np.exp(rng.normal(0, 0.3, 200)), np.ones(200, np.int64), numbers, 20)
    head = Values.of(np.exp(rng.normal(change, 0.3, 200)), np.ones(200, np.int64), numbers, 20)
    contrast = Quantile(base, head, share)
    assert abs(contrast.scores(contrast.estimate()).sum()) <= 2 / 200
