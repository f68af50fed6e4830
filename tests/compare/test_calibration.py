"""What rounds of unchanged against unchanged say: false alarms, spread, and what is found after how long."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfgate.compare.calibration import Calibration, Round, calibrate, share_interval
from perfgate.judge.changed import Rules
from perfgate.report.calibration import picture, render
from tests.judge.blocks import noisy

if TYPE_CHECKING:
    from perfgate.judge.result import Verdict

RULES = Rules(max_slowdown_percent=5.0)


@pytest.fixture(scope="module")
def found() -> Calibration:
    """Three rounds of forty pairs of two seconds; one of them red."""
    verdicts: tuple[Verdict, ...] = ("pass", "fail", "invalid")
    rounds = [Round(verdict, noisy(40, seed=seed)) for seed, verdict in enumerate(verdicts)]
    return calibrate(rounds, RULES, pair_s=2.0)


def test_false_alarms_are_counted_with_their_interval(found: Calibration) -> None:
    """One of three, of which little can be said."""
    assert (found.rounds, found.reds, found.undecided) == (3, 1, 1)
    low, high = found.false_alarm_interval
    assert low < 1 / 3 < high
    assert "falsely red: 1 of 3 (33.33 %; 95 % interval 0.8404 % to 90.57 %); undecided: 1" in render(found, "a/b")


def test_longer_comparisons_find_smaller_slowdowns(found: Calibration) -> None:
    """Each row is about half as long again as the one before, up to all that was driven."""
    assert [row.pairs for row in found.detectable] == [9, 13, 19, 28, 40]
    assert found.detectable[-1].duration_s == 80.0
    long = [row for row in found.detectable if "p50" in row.by_metric]
    assert long[0].by_metric["p50"] > long[-1].by_metric["p50"] > found.tolerated_percent


def test_the_time_that_a_slowdown_needs_grows_with_the_square_of_how_small_it_is(found: Calibration) -> None:
    """Above what is tolerated; nothing below it is ever found."""
    ten, five = found.needed_s("p50", 15.0), found.needed_s("p50", 10.0)
    assert ten is not None
    assert five == pytest.approx(4 * ten)
    assert found.needed_s("p50", 5.0) is None
    assert found.needed_s("no-such", 15.0) is None


def test_the_spread_is_that_of_changes_that_are_none(found: Calibration) -> None:
    """In percent, by metric."""
    assert 0 < found.spread_percent["p50"] < found.spread_percent["p95"] < 20


def test_disturbed_pairs_count_for_nothing() -> None:
    """Wherever they are wild."""
    pairs = noisy(20)
    wild = [replace(pair, disturbed="steal: 30 %") for pair in noisy(5, slower=50.0)]
    assert calibrate([Round("pass", pairs)], RULES, 2.0) == calibrate([Round("pass", [*wild, *pairs])], RULES, 2.0)


def test_too_few_pairs_are_said_to_be_too_few() -> None:
    """In the text and in the picture."""
    few = calibrate([Round("invalid", noisy(3))], RULES, 2.0)
    assert few.detectable == []
    assert "too few pairs: measure longer" in render(few, "a/b")
    assert "too few pairs" in picture(few, "a/b")


def test_the_picture_has_a_curve_for_each_metric(found: Calibration) -> None:
    """As an SVG document of its own."""
    root = ET.fromstring(picture(found, "catalog/peak"))
    curves = [element for element in root.iter() if element.tag.endswith("polyline")]
    words = {element.text for element in root.iter() if element.tag.endswith("text")}
    assert len(curves) == 3
    assert {"geometric mean", "p50", "p95"} <= words


@given(st.integers(1, 500), st.data())
def test_the_interval_of_a_share_holds_the_share(tries: int, data: st.DataObject) -> None:
    """And lies between none and all."""
    hits = data.draw(st.integers(0, tries))
    low, high = share_interval(hits, tries)
    assert 0 <= low <= hits / tries <= high <= 1


def test_no_alarm_in_sixty_is_at_most_six_percent() -> None:
    """The rule of three, and a little more for two sides."""
    low, high = share_interval(0, 60)
    assert (low, round(high, 4)) == (0.0, 0.0596)
    with pytest.raises(ValueError, match="no interval"):
        share_interval(0, 0)
