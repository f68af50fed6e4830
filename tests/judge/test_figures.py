"""Stress and spike compared: capacities and recovery times of whole loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.judge.changed import Rules
from perfgate.judge.figures import figure_changes
from perfgate.measure.blocks import Block, Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perfgate.judge.changed import Change

RULES = Rules(max_slowdown_percent=10.0)


def found(name: str, base: Sequence[float], head: Sequence[float]) -> Change:
    pairs = [
        Pair(number, Block({}, 10.0, figures={name: one}), Block({}, 10.0, figures={name: two}), "base")
        for number, (one, two) in enumerate(zip(base, head, strict=True))
    ]
    (change,) = figure_changes(pairs, RULES)
    return change


@pytest.mark.parametrize(
    ("name", "base", "head", "decision"),
    [
        ("capacity", [120, 120, 120, 120], [120, 120, 120, 120], "not_worse"),
        ("capacity", [120, 120, 120, 120], [60, 60, 60, 60], "worse"),
        ("capacity", [60, 60, 60, 60], [120, 120, 120, 120], "better"),
        ("capacity", [120, 60, 120, 60], [60, 120, 60, 120], "undecided"),
        ("capacity", [120, 120, 120, 120], [0, 0, 0, 0], "worse"),
        ("capacity", [0, 0, 0, 0], [0, 0, 0, 0], "failed"),
        ("capacity", [120, 120], [60, 60], "too_few"),
        ("highest_throughput", [400, 404, 398, 401], [399, 402, 400, 398], "not_worse"),
        ("highest_throughput", [400, 404, 398, 401], [300, 302, 296, 305], "worse"),
        ("recovery_time", [0, 0, 0, 0], [0, 0, 0, 0], "not_worse"),
        ("recovery_time", [0, 0, 1, 0], [6, 7, 6, 8], "worse"),
        ("spike_p95", [20, 21, 20, 19], [60, 61, 63, 59], "worse"),
    ],
)
def test_a_whole_loads_figure_is_judged_by_all_its_pairs(
    name: str, base: list[float], head: list[float], decision: str
) -> None:
    """Less is worse of a capacity, more of a time; where no step held at either side nothing was compared."""
    assert found(name, base, head).decision == decision


def test_the_change_is_shown_as_of_the_base() -> None:
    """With its interval, what would have been found, and both sides."""
    change = found("capacity", [120] * 4, [60] * 4)
    assert (change.base, change.head, change.unit) == (120, 60, "percent")
    assert change.change == pytest.approx(-50)
    assert change.interval is not None
    assert change.interval[0] < -50 < change.interval[1] < -9
    assert change.words.startswith("capacity 120 to 60, -50 %")
    passed = found("capacity", [120] * 4, [120] * 4)
    assert 9 < (passed.smallest_detectable or 0) < 20


def test_disturbed_pairs_do_not_count() -> None:
    """On either side."""
    wild = Pair(0, Block({}, 1, figures={"capacity": 1}), Block({}, 1, figures={"capacity": 9}), "base", "steal: 30 %")
    calm = [
        Pair(n, Block({}, 1, figures={"capacity": 5}), Block({}, 1, figures={"capacity": 5}), "base") for n in range(4)
    ]
    assert figure_changes([wild, *calm], RULES) == figure_changes(calm, RULES)


FIGURES = st.lists(st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)), min_size=3, max_size=8)


@given(FIGURES)
def test_what_is_worse_one_way_is_better_the_other(both: list[tuple[float, float]]) -> None:
    """Base for head."""
    base, head = [one for one, _ in both], [two for _, two in both]
    there, back = found("spike_p95", base, head), found("spike_p95", head, base)
    if there.decision == "worse":
        assert back.decision in ("better", "not_worse")
    assert there.change is not None
    assert back.change is not None
    assert (1 + there.change / 100) * (1 + back.change / 100) == pytest.approx(1)
